/* down_record.h: what a stack consists of before compose.down, by which the way back tells what is
 * still the very same from what was made since under the same name. */
#ifndef STEPS_COMPOSE_DOWN_RECORD_H
#define STEPS_COMPOSE_DOWN_RECORD_H

#include "docker/docker.h"
#include "steps/step.h"

/* Where the container's server keeps its data; *mounted is false when that is in the container
 * itself, or in memory. `mount` points into `container`. */
bool down_data_mount(struct docker *docker, const struct docker_container *container,
                     struct docker_mount *mount, bool *mounted, struct error *error);

/* The declared volume by its real name; NULL for one that the files don't declare, an anonymous
 * one. */
const cJSON *down_declared(const cJSON *config, const char *name);

/* Of the service's server (NULL or "": none): {server: its container's id, volume: the declared one
 * that holds its data, created: when the engine made that}; empty where there is none. `containers`
 * is the engine's list. The caller deletes; NULL with `error`. */
cJSON *down_record_make(struct docker *docker, const cJSON *config, const cJSON *containers,
                        const char *service, struct error *error);

/* Whether the server's data is still there as on record: in doubt it isn't. */
bool down_record_has_data(struct docker *docker, const cJSON *record, bool *same,
                          struct error *error);

#endif
