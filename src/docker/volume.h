/* volume.h: named volumes. */
#ifndef DOCKER_VOLUME_H
#define DOCKER_VOLUME_H

#include "docker/docker.h"

struct docker_volume {
    bool exists;
    char *name;
    char *mountpoint; /* on the engine's host */
    cJSON *inspect;
};

/* An absent volume is no failure. Free in any case. */
bool docker_volume_inspect(struct docker *docker, const char *name, struct docker_volume *volume,
                           struct error *error);
void docker_volume_free(struct docker_volume *volume);
const char *docker_volume_label(const struct docker_volume *volume, const char *name);
/* `labels`: object of texts, or NULL. The engine answers with the existing one if there is one. */
bool docker_volume_create(struct docker *docker, const char *name, const cJSON *labels,
                          struct error *error);
/* `*removed` is false when it was absent. In use: an error that names the containers. */
bool docker_volume_remove(struct docker *docker, const char *name, bool *removed,
                          struct error *error);
/* Whether anything lies in it: by looking when its directory is on this machine and may be read,
 * else by asking the engine for its size. */
bool docker_volume_empty(struct docker *docker, const struct docker_volume *volume, bool *empty,
                         struct error *error);
/* Containers that mount it, running or not, "a and b"; appended to `text`. */
bool docker_volume_users(struct docker *docker, const char *name, struct text *text,
                         struct error *error);

#endif
