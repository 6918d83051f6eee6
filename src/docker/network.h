/* network.h: networks are made and removed, containers join and leave them. */
#ifndef DOCKER_NETWORK_H
#define DOCKER_NETWORK_H

#include "docker/docker.h"

/* The engine's answer, with "Containers" by id; NULL, and no error, when there is none of that
 * name. The caller deletes. */
bool docker_network_inspect(struct docker *docker, const char *network, cJSON **found,
                            struct error *error);
/* One that leads nowhere outside of itself ("internal"): no port is published on it. `labels`: an
 * object of texts. The engine's id for it; the caller frees; NULL with `error`. Source: Docker
 * Engine API, NetworkCreate. */
char *docker_network_create_internal(struct docker *docker, const char *name, const cJSON *labels,
                                     struct error *error);
/* Takes every container off it first. One that is gone is fine. */
bool docker_network_remove(struct docker *docker, const char *network, struct error *error);
/* The array of those that the filter lets through, each with "Id" and "Name"; the caller deletes.
 * Source: Docker Engine API, NetworkList, filters. */
bool docker_network_list(struct docker *docker, const cJSON *filter, cJSON **list,
                         struct error *error);
/* One that isn't on it is an error. */
bool docker_network_leave(struct docker *docker, const char *network, const char *container,
                          struct error *error);
/* `endpoint`: what an inspection showed for that network before (its aliases, fixed addresses,
 * links and driver options are taken over), or NULL. One that is on it already is an error. */
bool docker_network_join(struct docker *docker, const char *network, const char *container,
                         const cJSON *endpoint, struct error *error);
/* Whether this alias is the one that some engines add by themselves. */
bool docker_is_short_id(const char *alias, const char *id);

#endif
