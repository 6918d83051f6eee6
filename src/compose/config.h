/* config.h: what `docker compose config` says is in force, and whether an edit changed just that.
 */
#ifndef COMPOSE_CONFIG_H
#define COMPOSE_CONFIG_H

#include "base/error.h"
#include "compose/edit.h"

#include <cjson/cJSON.h>
#include <stdbool.h>

/* The service's object; an absent one is an error that names the nearest. */
bool compose_config_service(const cJSON *config, const char *service, const cJSON **found,
                            struct error *error);
/* The service's mount (object with type, source, target) that `path` lies in; NULL for none. */
const cJSON *compose_config_mount(const cJSON *service, const char *path);
/* The volume's real name: Compose puts the project's before a key. NULL for a key that is declared
 * nowhere. Stays the config's. */
const char *compose_config_volume(const cJSON *config, const char *key);
/* Whether anything but that service's mount at `target` uses the volume key. */
bool compose_config_shares(const cJSON *config, const char *service, const char *target,
                           const char *key);
/* Takes out what services depend on without requiring it, when it isn't in force (its profile isn't
 * active), as `docker compose up` does and `docker compose config` doesn't. Without that Compose
 * refuses its own answer. */
void compose_config_drop_absent(cJSON *config);
/* The first of the service's secrets and configs whose contents Compose copies into a container
 * that it makes, as they stand in no file; NULL for none. Stays the config's. Source: Compose
 * specification, secrets and configs, "environment" and "content". */
const char *compose_config_copied(const cJSON *config, const cJSON *service);
/* Whether `after` differs from `before` by the change and by nothing else. */
bool compose_config_changed(const cJSON *before, const cJSON *after,
                            const struct compose_change *change, struct error *error);

#endif
