/* parked.h: which containers this run has made in Compose's name. They carry Compose's labels and
 * none of ours, so the run's directory says whose they are. */
#ifndef STEPS_MOVE_PARKED_H
#define STEPS_MOVE_PARKED_H

#include "docker/docker.h"
#include "steps/step.h"

/* That the run is about to make a container of that name (`id` NULL), or has made it; on disk when
 * this returns. */
bool parked_write(const struct step_run *run, const char *name, const char *id,
                  struct error *error);
/* Whether this run has made it: by its id, or for one that was never started by its name, as the
 * program may have died before it knew the id. */
bool parked_is_own(const struct step_run *run, const struct docker_container *container, bool *own,
                   struct error *error);

#endif
