/* exec_start.h: a command inside a container, made known to the engine and started with its streams
 * connected. Nothing outside of src/docker/ includes it. */
#ifndef DOCKER_EXEC_START_H
#define DOCKER_EXEC_START_H

#include "docker/hijack.h"

/* *id is the caller's. `input`: its standard input will be sent. */
bool exec_create(struct docker *docker, const struct docker_exec *exec, bool input, char **id,
                 struct error *error);
/* Runs it. Close `hijack` in any case. */
bool exec_start(struct docker *docker, const char *id, struct hijack *hijack, struct error *error);

#endif
