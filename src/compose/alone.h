/* alone.h: one service of a configuration as a project of its own, on the same networks and
 * volumes: what Compose makes of it there is what it would make in the stack. */
#ifndef COMPOSE_ALONE_H
#define COMPOSE_ALONE_H

#include "base/error.h"
#include "base/text.h"

#include <cjson/cJSON.h>

/* `config` is what compose_config gave and holds the service. Networks and volumes become external
 * ones by their real names. A container_name, which is taken, becomes `container`. What the service
 * depends on stands there in name only; these names are added to `others`, for who leaves them
 * out. The caller deletes. */
cJSON *compose_config_alone(const cJSON *config, const char *service, const char *container,
                            struct text_list *others);

#endif
