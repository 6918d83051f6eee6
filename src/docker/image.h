/* image.h: images: what they say about themselves, pulled, removed, pruned. */
#ifndef DOCKER_IMAGE_H
#define DOCKER_IMAGE_H

#include "docker/docker.h"

struct docker_image {
    bool exists;
    char *id;
    char *digest; /* "sha256:..." of the registry's manifest, "" for an image made here */
    cJSON *inspect;
};

/* An absent image is no failure. Free in any case. */
bool docker_image_inspect(struct docker *docker, const char *name, struct docker_image *image,
                          struct error *error);
void docker_image_free(struct docker_image *image);
/* From an inspected image, which keeps the string; NULL when it has none. */
const char *docker_image_environment(const struct docker_image *image, const char *name);
/* Where a PostgreSQL image keeps its data: `override` (a PGDATA set for the container) or its own
 * PGDATA, else /var/lib/postgresql/data. Stays the image's or the caller's. */
const char *docker_image_data(const struct docker_image *image, const char *override);
/* Where a volume is to be mounted so that it holds `data`: the image's deepest VOLUME that does, or
 * `data` itself. */
const char *docker_image_mount(const struct docker_image *image, const char *data);
/* False with an error when the image would keep `data` elsewhere than in a volume that is mounted
 * at `mount`: the mount doesn't hold it, or a VOLUME of the image lies over it. */
bool docker_image_uses_mount(const struct docker_image *image, const char *data, const char *mount,
                             struct error *error);

/* Pulls "name:tag" or "name@sha256:...". `progress` (may be NULL) gets bytes fetched and the total
 * as far as the registry has told it. A refusal says that the image can't be had. */
bool docker_image_pull(struct docker *docker, const char *name,
                       void (*progress)(void *context, double done, double total), void *context,
                       struct error *error);
/* `*removed` is false when it was absent. In use: an error that names the containers. */
bool docker_image_remove(struct docker *docker, const char *name, bool *removed,
                         struct error *error);
/* Removes images that have neither a name nor a container. */
bool docker_image_prune(struct docker *docker, double *freed_bytes, int *count,
                        struct error *error);

#endif
