/* first_join.h: the first time that a container joins a network the engine sets up the name lookups
 * inside of it, which takes longer than all the rest of joining (70 of 130 ms with engine 20.10);
 * whoever joins later has them. */
#ifndef STEPS_MOVE_FIRST_JOIN_H
#define STEPS_MOVE_FIRST_JOIN_H

#include "docker/docker.h"
#include "steps/step.h"

/* A running container that is on no network joins one that leads nowhere, made for that, and leaves
 * it again. Where that can't be done its real join takes longer; it is on no network in any case
 * when this is true. */
bool first_join(struct step_run *run, struct docker *docker,
                const struct docker_container *container, struct error *error);

#endif
