/* config_service.h: whether an edit of a compose file added, or removed, just one service. */
#ifndef COMPOSE_CONFIG_SERVICE_H
#define COMPOSE_CONFIG_SERVICE_H

#include "base/error.h"
#include "compose/edit_service.h"

#include <cjson/cJSON.h>
#include <stdbool.h>

/* Both configurations as compose_config gives them. An error names what else would differ. */
bool compose_config_added(const cJSON *before, const cJSON *after,
                          const struct compose_addition *addition, struct error *error);
/* `volume`: the key that may have gone along, or NULL. */
bool compose_config_removed(const cJSON *before, const cJSON *after, const char *service,
                            const char *volume, struct error *error);
/* Nothing but what services depend on. */
bool compose_config_same_but_dependencies(const cJSON *before, const cJSON *after,
                                          struct error *error);
/* Nothing but that service's image, which is this one then. */
bool compose_config_image(const cJSON *before, const cJSON *after, const char *service,
                          const char *image, struct error *error);

#endif
