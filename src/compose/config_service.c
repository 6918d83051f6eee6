/* config_service.c: two configurations without what an edit was meant to change are the same. */
#include "compose/config_service.h"

#include "base/json.h"
#include "compose/config.h"
#include "compose/first_start.h"

#include <stdint.h>
#include <string.h>

static cJSON *child(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

static bool same(const cJSON *before, const cJSON *after, struct error *error)
{
    struct text path = {0};
    bool differs = json_differs(before, after, &path);
    if (differs) {
        error_set(error, ERROR_OTHER, "the edit would change %s as well",
                  path.length ? text_string(&path) : "something else");
        error_remedy(error, "Other places share these lines (an anchor or extends:), or another "
                            "file overrides them; write the service plainly, then run this step "
                            "again.");
    }
    text_free(&path);
    return !differs;
}

/* A copy without a service and a volume's declaration. */
static cJSON *without(const cJSON *config, const char *service, const char *volume)
{
    cJSON *copy = cJSON_Duplicate(config, true), *volumes = child(copy, "volumes");
    if (service)
        cJSON_DeleteItemFromObjectCaseSensitive(child(copy, "services"), service);
    if (volume)
        cJSON_DeleteItemFromObjectCaseSensitive(volumes, volume);
    if (volumes && !volumes->child)
        cJSON_DeleteItemFromObjectCaseSensitive(copy, "volumes");
    return copy;
}

static void drop_dependencies(cJSON *config)
{
    cJSON *service;
    cJSON_ArrayForEach(service, child(config, "services"))
        cJSON_DeleteItemFromObjectCaseSensitive(service, "depends_on");
}

/* What a copied service doesn't share with the one that it was made from. */
static cJSON *common_part(const cJSON *service, const char *target)
{
    static const char *const own[] = {"image", "container_name", "ports"};
    static const char *const of_mount[] = {"type", "source", "bind", "volume"};
    cJSON *copy = cJSON_Duplicate(service, true);
    cJSON *mount = (cJSON *)(uintptr_t)compose_config_mount(copy, target);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        cJSON_DeleteItemFromObjectCaseSensitive(copy, own[i]);
    for (size_t i = 0; mount && i < sizeof of_mount / sizeof *of_mount; i++)
        cJSON_DeleteItemFromObjectCaseSensitive(mount, of_mount[i]);
    return copy;
}

static bool is_copy(const cJSON *before, const cJSON *after,
                    const struct compose_addition *addition, struct error *error)
{
    const cJSON *service = NULL, *like = NULL;
    if (!compose_config_service(after, addition->service, &service, error) ||
        !compose_config_service(before, addition->like, &like, error))
        return false;
    const cJSON *mount = compose_config_mount(service, addition->target);
    const char *name = compose_config_volume(after, addition->volume);
    if (!text_equal(json_text(service, "image"), addition->image) ||
        !text_equal(json_text(mount, "source"), addition->volume) ||
        !text_equal(name, addition->volume))
        return error_set(error, ERROR_OTHER,
                         "service %s wouldn't have the image %s and the volume %s",
                         addition->service, addition->image, addition->volume);
    cJSON *left = common_part(like, addition->target);
    cJSON *right = common_part(service, addition->target);
    first_start_drop(left);
    bool right_copy =
        same(left, right, error) || error_wrap(error, "copying service %s", addition->like);
    cJSON_Delete(left);
    cJSON_Delete(right);
    return right_copy;
}

bool compose_config_added(const cJSON *before, const cJSON *after,
                          const struct compose_addition *addition, struct error *error)
{
    cJSON *left = without(before, NULL, addition->volume);
    cJSON *right = without(after, addition->service, addition->volume);
    bool added = is_copy(before, after, addition, error) && same(left, right, error);
    cJSON_Delete(left);
    cJSON_Delete(right);
    return added;
}

bool compose_config_removed(const cJSON *before, const cJSON *after, const char *service,
                            const char *volume, struct error *error)
{
    cJSON *left = without(before, service, volume), *right = without(after, NULL, volume);
    bool removed = child(child(after, "services"), service)
                       ? error_set(error, ERROR_OTHER, "another file has service %s too", service)
                       : same(left, right, error);
    cJSON_Delete(left);
    cJSON_Delete(right);
    return removed;
}

bool compose_config_same_but_dependencies(const cJSON *before, const cJSON *after,
                                          struct error *error)
{
    cJSON *left = without(before, NULL, NULL), *right = without(after, NULL, NULL);
    drop_dependencies(left);
    drop_dependencies(right);
    bool equal = same(left, right, error);
    cJSON_Delete(left);
    cJSON_Delete(right);
    return equal;
}

bool compose_config_image(const cJSON *before, const cJSON *after, const char *service,
                          const char *image, struct error *error)
{
    cJSON *left = without(before, NULL, NULL), *right = without(after, NULL, NULL);
    cJSON *changed = child(child(right, "services"), service);
    bool set = text_equal(json_text(changed, "image"), image);
    cJSON_DeleteItemFromObjectCaseSensitive(child(child(left, "services"), service), "image");
    cJSON_DeleteItemFromObjectCaseSensitive(changed, "image");
    bool right_change = set ? same(left, right, error)
                            : error_set(error, ERROR_OTHER,
                                        "the image in force wouldn't be %s: another file or an "
                                        "environment variable decides it",
                                        image);
    cJSON_Delete(left);
    cJSON_Delete(right);
    return right_change;
}
