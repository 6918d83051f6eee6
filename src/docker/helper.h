/* helper.h: a container to run tools in, with a directory of this machine in it, that is gone as
 * soon as the process that made it is. */
#ifndef DOCKER_HELPER_H
#define DOCKER_HELPER_H

#include "docker/docker.h"

/* Where a helper has the directory. */
#define HELPER_DIRECTORY "/backup"

/* Strings stay the caller's. */
struct docker_helper_creation {
    const char *image;
    const char *network;   /* "none", "container:ID" (that one's own), or a network's name */
    bool cut_off;          /* runs on no network, and may join `network` and others later */
    const char *directory; /* of this machine, absolute; NULL: none */
    bool read_only;
    const char *user;    /* "UID:GID" */
    const cJSON *labels; /* object of texts */
};

struct docker_helper;

/* Creates and starts it. Its only process waits for the end of a stream that this process holds:
 * when this process ends, however it ends, the engine stops and removes the container with whatever
 * runs in it. NULL on failure. Source: Docker Engine API, "Attach to a container", StdinOnce. */
struct docker_helper *docker_helper_open(struct docker *docker,
                                         const struct docker_helper_creation *creation,
                                         struct error *error);
/* For docker_exec; stays the helper's. */
const char *docker_helper_id(const struct docker_helper *helper);
/* Kills what runs in it and removes it. NULL is fine. */
void docker_helper_close(struct docker_helper *helper);

#endif
