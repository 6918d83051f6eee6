/* blueprint_compare.c: a container made from a blueprint, and whether one is as it says. */
#include "steps/move/blueprint.h"

#include "base/json.h"
#include "docker/network.h"

#include <stdlib.h>
#include <string.h>

static cJSON *child(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

cJSON *blueprint_body(const struct blueprint *blueprint)
{
    cJSON *body = cJSON_Duplicate(blueprint->settings, true);
    cJSON_AddItemToObject(body, "HostConfig", cJSON_Duplicate(blueprint->host, true));
    const cJSON *first = blueprint->networks->child;
    if (!first)
        return body; /* older engines take one endpoint only; the others are joined later */
    cJSON *networking = cJSON_AddObjectToObject(body, "NetworkingConfig");
    cJSON *endpoints = cJSON_AddObjectToObject(networking, "EndpointsConfig");
    cJSON_AddItemToObject(endpoints, first->string, cJSON_Duplicate(first, true));
    return body;
}

/* ---- comparing ---- */

static int by_text(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

/* The array's items as texts in their order by text. */
static cJSON *sorted(const cJSON *array)
{
    size_t count = (size_t)cJSON_GetArraySize(array), index = 0;
    char **items = xcalloc(count + 1, sizeof *items);
    cJSON *result = cJSON_CreateArray();
    const cJSON *item;
    cJSON_ArrayForEach(item, array) items[index++] = cJSON_PrintUnformatted(item);
    qsort(items, count, sizeof *items, by_text);
    for (size_t i = 0; i < count; i++) {
        cJSON_AddItemToArray(result, cJSON_CreateString(items[i]));
        cJSON_free(items[i]);
    }
    free(items);
    return result;
}

static bool is_nothing(const cJSON *item)
{
    return cJSON_IsNull(item) || ((cJSON_IsObject(item) || cJSON_IsArray(item)) && !item->child) ||
           (cJSON_IsString(item) && !*item->valuestring);
}

/* A copy in which equal settings look equal: what is empty is left out, as engines write that in
 * more than one way, and lists without an order are sorted. */
static cJSON *in_order(const cJSON *settings, const char *id)
{
    static const char *const unordered[] = {"Env", "Mounts", "Binds", "ExtraHosts"};
    cJSON *copy = cJSON_CreateObject();
    const cJSON *item;
    cJSON_ArrayForEach(item, settings)
    {
        const char *text = cJSON_GetStringValue(item);
        bool own = id && text && !strcmp(item->string, "Hostname") && docker_is_short_id(text, id);
        if (!own && !is_nothing(item))
            cJSON_AddItemToObject(copy, item->string, cJSON_Duplicate(item, true));
    }
    for (size_t i = 0; i < sizeof unordered / sizeof *unordered; i++)
        if (child(copy, unordered[i]))
            cJSON_ReplaceItemInObjectCaseSensitive(copy, unordered[i],
                                                   sorted(child(copy, unordered[i])));
    return copy;
}

static bool same(const cJSON *wanted, const cJSON *found, const char *id, struct text *path)
{
    cJSON *left = in_order(wanted, NULL), *right = in_order(found, id);
    bool differ = json_differs(left, right, path);
    cJSON_Delete(left);
    cJSON_Delete(right);
    return !differ;
}

bool blueprint_is(const struct blueprint *blueprint, const struct docker_container *container,
                  struct text *path)
{
    return same(blueprint->settings, json_at(container->inspect, "Config"), container->id, path) &&
           same(blueprint->host, json_at(container->inspect, "HostConfig"), NULL, path);
}
