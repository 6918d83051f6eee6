/* report_place.h: a server's place in its networks, as the operator is told of it before a move. */
#ifndef STEPS_MOVE_REPORT_PLACE_H
#define STEPS_MOVE_REPORT_PLACE_H

#include "docker/docker.h"
#include "steps/step.h"

/* Checks of the step: the order of networks and the fixed addresses that move along, and what can't
 * be done where the engine is on another machine or the container's network can't be entered. */
void report_place(struct step_run *run, const struct docker *docker,
                  const struct docker_container *container);

#endif
