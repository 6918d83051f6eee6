/* once.h: a command in a throw-away container of an image. */
#ifndef DOCKER_ONCE_H
#define DOCKER_ONCE_H

#include "docker/docker.h"

/* Runs `arguments` (NULL-terminated) instead of the image's entry point, without network and
 * without mounts, and appends what it writes (both streams, at most 1 MiB) to `output`. The
 * container and its anonymous volumes are removed in any case. `timeout_ms`, 0: 60 s. */
bool docker_once(struct docker *docker, const char *image, const char *const *arguments,
                 long timeout_ms, struct text *output, int *exit_status, struct error *error);

/* The same, with `volume` (its name, or a directory's path) to be read at `target`. */
bool docker_once_reading(struct docker *docker, const char *image, const char *const *arguments,
                         const char *volume, const char *target, struct text *output,
                         int *exit_status, struct error *error);

/* The same, with `volume` to be changed at `target`. */
bool docker_once_changing(struct docker *docker, const char *image, const char *const *arguments,
                          const char *volume, const char *target, struct text *output,
                          int *exit_status, struct error *error);

#endif
