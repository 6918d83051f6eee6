/* bridge.h: a command inside a container as one end of a two-way stream. */
#ifndef DOCKER_BRIDGE_H
#define DOCKER_BRIDGE_H

#include "docker/docker.h"

/* Runs `exec` (container, arguments, environment, user) and carries bytes both ways between the
 * stream socket `descriptor` and the command's standard input and output, until either side ends.
 * Its error output goes to exec->write_error. *carried: bytes that came out of the command. */
bool docker_bridge(struct docker *docker, const struct docker_exec *exec, int descriptor,
                   size_t *carried, struct error *error);

#endif
