/* attachment.h: all networks of a container at once: whether it has any, leaving them, and getting
 * them back as they were. */
#ifndef DOCKER_ATTACHMENT_H
#define DOCKER_ATTACHMENT_H

#include "docker/docker.h"

/* The inspection's object of networks by name; stays the container's. */
const cJSON *docker_networks(const struct docker_container *container);
/* Whether the container's networks are its own to leave and join: not the host's, not another
 * container's, not "none". Source: Docker Engine API, HostConfig.NetworkMode. */
bool docker_networks_are_own(const struct docker_container *container);
bool docker_network_mode_is_own(const char *mode); /* false for NULL */
/* Whether a running container that has networks of its own is on none of them. */
bool docker_is_cut_off(const struct docker_container *container);

/* Of `networks`, as that gives them, the one that is joined first: its name, or its id (so it is
 * with Compose and an external one), is the container's NetworkMode. NULL when none is. */
const cJSON *docker_first_network(const cJSON *networks, const char *mode);

/* Leaves every network that the container is on. */
bool docker_leave_networks(struct docker *docker, const char *container, struct error *error);
/* Joins every one of `networks` (what docker_networks gave before) that the container `id` isn't on
 * with the same aliases, fixed addresses, links and options; the network of its NetworkMode first,
 * as the engine does. Right when it has been done already. */
bool docker_restore_networks(struct docker *docker, const char *id, const cJSON *networks,
                             struct error *error);
/* The settings of an endpoint that are the operator's own: what has to be the same again. */
bool docker_same_endpoint(const cJSON *left, const cJSON *right, const char *id);

#endif
