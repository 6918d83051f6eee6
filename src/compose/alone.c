/* alone.c: one service of a configuration as a project of its own. */
#include "compose/alone.h"

#include "base/json.h"

static cJSON *child(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

/* Made by the stack, and there already: {name, external}. */
static void add_external(cJSON *alone, const cJSON *config, const char *kind)
{
    const cJSON *entry, *all = child(config, kind);
    if (!cJSON_IsObject(all))
        return;
    cJSON *externals = cJSON_AddObjectToObject(alone, kind);
    cJSON_ArrayForEach(entry, all)
    {
        const char *name = json_text(entry, "name");
        cJSON *external = cJSON_AddObjectToObject(externals, entry->string);
        cJSON_AddStringToObject(external, "name", name ? name : entry->string);
        cJSON_AddTrueToObject(external, "external");
    }
}

static cJSON *service_alone(const cJSON *service, const char *container)
{
    /* They say how a service is made or kept running, not what its container is like. */
    static const char *const dropped[] = {"build", "pull_policy", "profiles", "develop"};
    cJSON *copy = cJSON_Duplicate(service, true);
    for (size_t i = 0; i < sizeof dropped / sizeof *dropped; i++)
        cJSON_DeleteItemFromObjectCaseSensitive(copy, dropped[i]);
    if (child(copy, "container_name"))
        cJSON_ReplaceItemInObjectCaseSensitive(copy, "container_name",
                                               cJSON_CreateString(container));
    return copy;
}

/* Stands for a service that isn't made. */
static void add_stand_in(cJSON *services, const char *name, const char *image)
{
    cJSON *stand_in = cJSON_AddObjectToObject(services, name);
    cJSON_AddStringToObject(stand_in, "image", image);
    cJSON_AddStringToObject(stand_in, "network_mode", "none");
}

cJSON *compose_config_alone(const cJSON *config, const char *service, const char *container,
                            struct text_list *others)
{
    static const char *const kept[] = {"secrets", "configs"};
    const cJSON *found = child(child(config, "services"), service), *entry;
    const char *image = json_text(found, "image");
    cJSON *alone = cJSON_CreateObject();
    add_external(alone, config, "networks");
    add_external(alone, config, "volumes");
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (child(config, kept[i]))
            cJSON_AddItemToObject(alone, kept[i], cJSON_Duplicate(child(config, kept[i]), true));
    cJSON *services = cJSON_AddObjectToObject(alone, "services");
    cJSON_AddItemToObject(services, service, service_alone(found, container));
    cJSON_ArrayForEach(entry, child(found, "depends_on"))
    {
        text_list_add(others, entry->string);
        add_stand_in(services, entry->string, image ? image : "");
    }
    return alone;
}
