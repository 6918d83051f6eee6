/* place.h: a container's place in its stack, kept while it isn't there: the name and the networks
 * that it is to have when it serves. */
#ifndef STEPS_MOVE_PLACE_H
#define STEPS_MOVE_PLACE_H

#include "docker/docker.h"
#include "steps/step.h"

/* Keeps the place of the container `id` in the run's directory, on disk when this returns:
 * `networks` as docker_networks gives them (aliases, fixed addresses, links, options), `name`
 * without a slash. What was kept for the same container is replaced. */
bool place_write(const struct step_run *run, const char *id, const char *name,
                 const cJSON *networks, struct error *error);

/* {"name", "networks"}; *place is NULL when none was kept. The caller deletes it. */
bool place_read(const struct step_run *run, const char *id, cJSON **place, struct error *error);

#endif
