/* image_contents.h: the release and the extensions of a PostgreSQL image, as its files tell. */
#ifndef STEPS_IMAGE_CONTENTS_H
#define STEPS_IMAGE_CONTENTS_H

#include "docker/docker.h"
#include "postgres/release.h"

struct image_contents {
    struct release release;
    cJSON *extensions; /* {name: default version} */
};

/* Looks inside, in a throw-away container. Free in any case. */
bool image_contents_read(struct docker *docker, const char *image, struct image_contents *contents,
                         struct error *error);
void image_contents_free(struct image_contents *contents);

/* From what the look printed: a line "server: VERSION" and lines "extension: PATH: default_version
 * = 'VERSION'". False when there is no version. */
bool image_contents_parse(const char *output, struct image_contents *contents);

#endif
