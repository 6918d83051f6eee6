/* lifecycle.h: containers made, started, stopped, removed, listed, and their logs. */
#ifndef DOCKER_LIFECYCLE_H
#define DOCKER_LIFECYCLE_H

#include "docker/docker.h"

/* What a container is created from. Strings stay the caller's; optional ones are NULL. */
struct docker_creation {
    const char *name, *image;
    const cJSON *environment; /* object of texts */
    const char *volume;       /* named volume ... */
    const char *mount;        /* ... and the path inside that it is mounted at */
    int port;                 /* host port for `container_port`, 0: none */
    int container_port;
    const char *address; /* of this machine, that the port listens on */
    const char *network;
    unsigned long long shared_memory; /* bytes of /dev/shm, 0: the engine's default (64 MB) */
    const cJSON *labels;              /* object of texts */
    const cJSON *command;             /* array of texts instead of the image's, or NULL */
};

/* Creates without starting. `*id` is the caller's. */
bool docker_create(struct docker *docker, const struct docker_creation *creation, char **id,
                   struct error *error);
/* The same from the whole body of the call. Source: Docker Engine API, ContainerCreate. */
bool docker_create_from(struct docker *docker, const char *name, const cJSON *body, char **id,
                        struct error *error);
/* Creates another one as `container` was created, with its image, environment, mounts, ports and
 * network, but with these labels and the image's own command. */
bool docker_create_like(struct docker *docker, const struct docker_container *container,
                        const char *name, const cJSON *labels, struct error *error);
/* One that runs already is fine. */
bool docker_start(struct docker *docker, const char *name, struct error *error);
/* SIGTERM (or the image's STOPSIGNAL), and SIGKILL after `grace_ms`. One that is stopped already is
 * fine. */
bool docker_stop(struct docker *docker, const char *name, long grace_ms, struct error *error);
bool docker_restart(struct docker *docker, const char *name, long grace_ms, struct error *error);
/* Also of one that runs: the names that its networks answer for follow. Source: Docker Engine API,
 * ContainerRename. */
bool docker_rename(struct docker *docker, const char *container, const char *name,
                   struct error *error);
/* Kills it when it runs. One that is absent is fine. `volumes`: anonymous ones go with it. */
bool docker_remove(struct docker *docker, const char *name, bool volumes, struct error *error);

/* Whether one of the processes that run in a container bears one of `names` (NULL at the end): the
 * first 15 characters of its program's. False with an error as well where that can't be told: it is
 * restarting, or the engine's machine has no ps. Source: Docker Engine API, ContainerTop. */
bool docker_runs_program(struct docker *docker, const char *container, const char *const *names,
                         bool *runs, struct error *error);

/* The engine's list (array of /containers/json, caller deletes), stopped ones too. `filter` is an
 * object of arrays as the API takes it ({"label": ["a=b"]}), or NULL for all. */
bool docker_list(struct docker *docker, const cJSON *filter, cJSON **list, struct error *error);
/* The same with one filter: "volume" and a name, "label" and "name=value". */
bool docker_list_by(struct docker *docker, const char *filter, const char *value, cJSON **list,
                    struct error *error);
/* Name of an entry of that list, without the slash; "" when it has none. Stays the list's. */
const char *docker_listed_name(const cJSON *entry);
/* Names of the containers in a list as "a, b and c"; appended to `text`. */
void docker_listed_names(const cJSON *list, struct text *text);
/* A port of the host as it is published: `address` NULL, "" or one for all ("0.0.0.0", "::") takes
 * in every other one of its kind; `protocol` "tcp", "udp" or "sctp". */
struct docker_host_port {
    const char *address, *protocol;
    int port;
};
/* Name of the running container, but for the one called `except` (or NULL), that publishes the same
 * host port; caller frees, NULL for none. */
bool docker_port_holder(struct docker *docker, const struct docker_host_port *port,
                        const char *except, char **holder, struct error *error);
/* The existing container with the nearest name; caller frees, NULL when none is near. */
char *docker_nearest_container(struct docker *docker, const char *wrong);
/* The error for a container that has to be there and isn't, with the nearest name as remedy. */
bool docker_no_container(struct docker *docker, const char *name, struct error *error);

#endif
