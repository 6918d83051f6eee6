/* blueprint.h: the container that Compose would make of a service, taken from one that it makes in
 * a project of its own, which is never started and removed again. */
#ifndef STEPS_MOVE_BLUEPRINT_H
#define STEPS_MOVE_BLUEPRINT_H

#include "docker/docker.h"
#include "steps/compose/compose_common.h"
#include "steps/step.h"

/* Free with blueprint_free in any case. */
struct blueprint {
    char *name;      /* that Compose would give it */
    cJSON *settings; /* the inspection's Config, with the labels of the stack's own project */
    cJSON *host;     /* its HostConfig */
    cJSON *networks; /* endpoints by the network's name, the one that is joined first ahead:
                        aliases, fixed addresses, options */
};

/* `config` is what is in force in the stack. What an earlier try left of the project is removed
 * first. A service that Compose gives more than a container to is an error. */
bool blueprint_make(const struct step_run *run, struct docker *docker, const struct stack *stack,
                    const cJSON *config, const char *service, struct blueprint *blueprint,
                    struct error *error);
void blueprint_free(struct blueprint *blueprint);

/* Removes what this run left of such a project when it died in the middle: it would keep a volume
 * in use. */
bool blueprint_clean_up(const struct step_run *run, struct docker *docker, struct error *error);

/* The body of the call that creates it, on the network of its NetworkMode; the caller deletes.
 * Source: Docker Engine API, ContainerCreate. */
cJSON *blueprint_body(const struct blueprint *blueprint);

/* Whether a container is as the blueprint says; what is generated for each one (its id as the host
 * name) and the order of what has none (variables, mounts) don't count. Else the path of the first
 * setting that differs is appended to `path`. */
bool blueprint_is(const struct blueprint *blueprint, const struct docker_container *container,
                  struct text *path);

#endif
