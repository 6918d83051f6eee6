/* logs.h: what a container has written. */
#ifndef DOCKER_LOGS_H
#define DOCKER_LOGS_H

#include "docker/docker.h"

/* Appends the container's output and error output as they were written, at most `limit` bytes (the
 * rest is dropped). `since_ms` wall time, 0 for all; `tail` the number of last lines, 0 for all. */
bool docker_logs(struct docker *docker, const char *name, int64_t since_ms, long tail, size_t limit,
                 struct text *text, struct error *error);

#endif
