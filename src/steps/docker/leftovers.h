/* leftovers.h: what an attempt of this run that was killed has left in the engine for its own use.
 */
#ifndef STEPS_DOCKER_LEFTOVERS_H
#define STEPS_DOCKER_LEFTOVERS_H

#include "docker/docker.h"
#include "steps/step.h"

/* What carries it is this program's own tool, and nobody else's; its value: the run's id. */
#define LABEL_HELPER "org.pgrunbook.helper"
/* Of which machine, and there of which directory, that run is: ids repeat elsewhere. */
#define LABEL_PLACE "org.pgrunbook.place"

/* Labels for such a tool; the caller deletes. */
cJSON *step_helper_labels(const struct step_run *run);
/* Removes helper containers and networks of this run. Not while another process of the step has one
 * in use. False when they can't be listed; one that the engine is removing by itself is fine. */
bool step_remove_leftovers(struct step_run *run, struct docker *docker, struct error *error);

#endif
