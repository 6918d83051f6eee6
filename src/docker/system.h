/* system.h: the engine itself: its version and where it keeps its data. */
#ifndef DOCKER_SYSTEM_H
#define DOCKER_SYSTEM_H

#include "docker/docker.h"

struct docker_system {
    char *version;   /* "20.10.24+dfsg1" */
    char *directory; /* the data root on the engine's host, "/var/lib/docker" */
    char *name;      /* the host's */
    char *id;        /* the engine's own; clones of a machine may share it */
};

bool docker_system_read(struct docker *docker, struct docker_system *system, struct error *error);
void docker_system_free(struct docker_system *system);

/* Compares the numbers of "20.10.24+dfsg1" and "20.10": missing ones count as 0, what follows the
 * numbers is ignored, a leading 'v' too. Below, equal, above: -1, 0, 1. */
int docker_version_compare(const char *left, const char *right);

#endif
