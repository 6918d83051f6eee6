/* image_contents.h: what a PostgreSQL image carries, as its files tell: its release, extensions and
 * their scripts, libraries, and the C library that sorts texts. */
#ifndef STEPS_CHECKS_IMAGE_CONTENTS_H
#define STEPS_CHECKS_IMAGE_CONTENTS_H

#include "docker/docker.h"
#include "postgres/release.h"

struct image_contents {
    struct release release;
    cJSON *extensions; /* {name: default version} */
    cJSON *scripts;    /* as in postgres/extension_path.h */
    cJSON *libraries;  /* {name without its suffix: true}, of PostgreSQL's own directory */
    char libc[64];     /* "glibc 2.41", "musl 1.2.5", "" unknown */
};

/* Looks inside, in a throw-away container. Free in any case. */
bool image_contents_read(struct docker *docker, const char *image, struct image_contents *contents,
                         struct error *error);
void image_contents_free(struct image_contents *contents);

/* From what the look printed: lines "server: VERSION", "extension: PATH: default_version =
 * 'VERSION'", "script: FILE", "library: FILE" and "libc: NAME". False when there is no version. */
bool image_contents_parse(const char *output, struct image_contents *contents);

/* The same look at the C library alone, in a container that runs. "" when it can't be told. */
bool container_libc(struct docker *docker, const char *container, char *libc, size_t size,
                    struct error *error);

#endif
