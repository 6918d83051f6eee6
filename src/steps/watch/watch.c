/* watch.c: the table of what is watched, and what the watchers share. */
#include "steps/watch/watch.h"

#include "steps/watch/watch_parts.h"

#include <stddef.h>

const struct watch watches[] = {
    {"containers", watch_containers_wanted, watch_containers},
    {"service", watch_service_wanted, watch_service},
    {"writes", watch_writes_wanted, watch_writes},
    {NULL, NULL, NULL},
};

cJSON *watch_message(const char *type)
{
    cJSON *message = cJSON_CreateObject();
    cJSON_AddStringToObject(message, "type", type);
    return message;
}
