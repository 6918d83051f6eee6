/* config.c: what `docker compose config` says is in force, and whether an edit changed just that.
 */
#include "compose/config.h"

#include "base/json.h"
#include "base/text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static cJSON *child(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

bool compose_config_service(const cJSON *config, const char *service, const cJSON **found,
                            struct error *error)
{
    const cJSON *services = child(config, "services"), *entry;
    *found = child(services, service);
    if (*found)
        return true;
    struct text_list names = {0};
    cJSON_ArrayForEach(entry, services) text_list_add(&names, entry->string);
    const char *nearest = text_nearest(service, (const char *const *)names.items, names.count);
    error_set(error, ERROR_OTHER, "the compose file has no service %s", service);
    if (nearest)
        error_remedy(error, "Did you mean %s? Set the right name with --set.", nearest);
    else
        error_remedy(error, "Name the service with --set service=NAME and its file with --set "
                            "compose_file=FILE.");
    text_list_free(&names);
    return false;
}

/* Whether `target` is `path` or a directory above it. */
static bool above(const char *target, const char *path)
{
    size_t length = strlen(target);
    while (length > 1 && target[length - 1] == '/')
        length--;
    return !strncmp(target, path, length) && (path[length] == '/' || path[length] == '\0');
}

const cJSON *compose_config_mount(const cJSON *service, const char *path)
{
    const cJSON *entry, *best = NULL;
    size_t longest = 0;
    cJSON_ArrayForEach(entry, child(service, "volumes"))
    {
        const char *target = json_text(entry, "target");
        if (target && above(target, path) && strlen(target) >= longest) {
            best = entry;
            longest = strlen(target);
        }
    }
    return best;
}

const char *compose_config_volume(const cJSON *config, const char *key)
{
    const cJSON *volume = child(child(config, "volumes"), key);
    return json_text(volume, "name");
}

void compose_config_drop_absent(cJSON *config)
{
    cJSON *service, *services = child(config, "services");
    cJSON_ArrayForEach(service, services)
    {
        cJSON *dependencies = child(service, "depends_on");
        cJSON *next = dependencies ? dependencies->child : NULL;
        while (next) {
            cJSON *dependency = next;
            next = next->next;
            if (dependency->string && !child(services, dependency->string))
                cJSON_Delete(cJSON_DetachItemViaPointer(dependencies, dependency));
        }
        if (dependencies && !dependencies->child)
            cJSON_DeleteItemFromObjectCaseSensitive(service, "depends_on");
    }
}

const char *compose_config_copied(const cJSON *config, const cJSON *service)
{
    static const char *const kinds[] = {"secrets", "configs"};
    const cJSON *entry;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        cJSON_ArrayForEach(entry, child(service, kinds[i]))
        {
            const char *key = json_text(entry, "source");
            const cJSON *source = key ? child(child(config, kinds[i]), key) : NULL;
            if (child(source, "environment") || child(source, "content"))
                return key;
        }
    }
    return NULL;
}

static bool same_path(const char *left, const char *right)
{
    return above(left, right) && above(right, left);
}

bool compose_config_shares(const cJSON *config, const char *service, const char *target,
                           const char *key)
{
    const cJSON *entry, *mount;
    cJSON_ArrayForEach(entry, child(config, "services"))
    {
        cJSON_ArrayForEach(mount, child(entry, "volumes"))
        {
            const char *source = json_text(mount, "source"), *place = json_text(mount, "target");
            bool own = !strcmp(entry->string, service) && place && same_path(place, target);
            if (!own && source && !strcmp(source, key))
                return true;
        }
    }
    return false;
}

/* Takes the pieces that the edit is meant to change out of a copy. */
static cJSON *without_change(const cJSON *config, const struct compose_change *change,
                             const char *old_key)
{
    cJSON *copy = cJSON_Duplicate(config, true);
    cJSON *service = child(child(copy, "services"), change->service);
    cJSON *mount = (cJSON *)(uintptr_t)compose_config_mount(service, change->target);
    static const char *const of_mount[] = {"type", "source", "bind", "volume"};
    cJSON_DeleteItemFromObjectCaseSensitive(service, "image");
    for (size_t i = 0; mount && i < sizeof of_mount / sizeof *of_mount; i++)
        cJSON_DeleteItemFromObjectCaseSensitive(mount, of_mount[i]);
    cJSON *volumes = child(copy, "volumes");
    cJSON_DeleteItemFromObjectCaseSensitive(volumes, change->volume);
    if (old_key)
        cJSON_DeleteItemFromObjectCaseSensitive(volumes, old_key);
    if (volumes && !volumes->child)
        cJSON_DeleteItemFromObjectCaseSensitive(copy, "volumes");
    return copy;
}

static bool has_change(const cJSON *after, const struct compose_change *change, struct error *error)
{
    const cJSON *service = NULL;
    if (!compose_config_service(after, change->service, &service, error))
        return false;
    const cJSON *mount = compose_config_mount(service, change->target);
    const char *source = json_text(mount, "source"), *type = json_text(mount, "type");
    const char *image = json_text(service, "image");
    if (!text_equal(image, change->image))
        return error_set(error, ERROR_OTHER, "the image in force would be %s, not %s",
                         image ? image : "none", change->image);
    if (!text_equal(type, "volume") || !text_equal(source, change->volume))
        return error_set(error, ERROR_OTHER, "the volume in force at %s would be %s, not %s",
                         change->target, source ? source : "none", change->volume);
    const char *name = compose_config_volume(after, change->volume);
    if (!text_equal(name, change->volume))
        return error_set(error, ERROR_OTHER, "the volume %s would be called %s", change->volume,
                         name ? name : "nothing");
    return true;
}

bool compose_config_changed(const cJSON *before, const cJSON *after,
                            const struct compose_change *change, struct error *error)
{
    struct text path = {0};
    if (!has_change(after, change, error))
        return error_remedy(error, "An environment variable, an override file or extends: decides "
                                   "it; write image and volume plainly into the service.");
    const cJSON *services = child(before, "services");
    const cJSON *mount = compose_config_mount(child(services, change->service), change->target);
    const char *old_key = json_text(mount, "source");
    cJSON *old = without_change(before, change, old_key);
    cJSON *new = without_change(after, change, old_key);
    bool other = json_differs(old, new, &path);
    if (other) {
        error_set(error, ERROR_OTHER, "the edit would change %s as well",
                  path.length ? text_string(&path) : "something else");
        error_remedy(error, "Other places share these lines (an anchor or extends:); write image "
                            "and volume plainly into the service, then run this step again.");
    }
    cJSON_Delete(old);
    cJSON_Delete(new);
    text_free(&path);
    return !other;
}
