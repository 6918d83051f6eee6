/* alone.h: never two servers on one data directory, which would destroy it: each looks for the
 * other among its own container's processes only. */
#ifndef STEPS_MOVE_ALONE_H
#define STEPS_MOVE_ALONE_H

#include "docker/docker.h"

/* Whether a container in this state has no process: one that is paused or restarting has, or will.
 */
bool alone_at_rest(const char *state);
/* The live container of a Compose service, none of its one-offs, that mounts `volume` (a name, or a
 * path of the host); `server` doesn't exist when there is none. Free it in any case. */
bool alone_server(struct docker *docker, const char *volume, const char *project,
                  const char *service, struct docker_container *server, struct error *error);
/* What a server on a volume is told by from who looks at its data, to back it up or to watch it. */
struct alone_kin {
    const char *project, *service;
    const cJSON *settings; /* the Config of the service's container: whoever else runs a server, or
                              may be about to, counts; NULL: none does but that container */
};

/* That nobody who lives mounts it, but for the container with the id `own` (NULL: for none): else
 * an error that names who does. `kin`: who is no server doesn't count, as it has been there beside
 * the server before; NULL: everybody counts. */
bool alone_check(struct docker *docker, const char *volume, const char *own,
                 const struct alone_kin *kin, struct error *error);
/* Starts a service's container, unless another server has its data. `container` as
 * it was inspected. */
bool alone_start(struct docker *docker, const struct docker_container *container,
                 struct error *error);

#endif
