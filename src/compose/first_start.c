/* first_start.c: what is mounted at /docker-entrypoint-initdb.d or below. A server that gets its
 * data from a backup has no use for it: the scripts would make first what the backup brings. */
#include "compose/first_start.h"

#include "base/json.h"
#include "compose/block.h"
#include "compose/edit_parts.h"

#include <stdlib.h>
#include <string.h>

static const char directory[] = "/docker-entrypoint-initdb.d";

static bool is_below(const char *target)
{
    size_t length = sizeof directory - 1;
    return target && !strncmp(target, directory, length) &&
           (target[length] == '\0' || target[length] == '/' || target[length] == ':');
}

bool first_start_has_scripts(const cJSON *service)
{
    const cJSON *mount;
    cJSON_ArrayForEach(mount, cJSON_GetObjectItemCaseSensitive(service, "volumes"))
    {
        if (is_below(json_text(mount, "target")))
            return true;
    }
    return false;
}

void first_start_drop(cJSON *service)
{
    cJSON *mounts = cJSON_GetObjectItemCaseSensitive(service, "volumes");
    for (int i = cJSON_GetArraySize(mounts); i-- > 0;)
        if (is_below(json_text(cJSON_GetArrayItem(mounts, i), "target")))
            cJSON_DeleteItemFromArray(mounts, i);
}

/* Of "source:target:options", or of a mapping. */
static bool item_is_below(struct fy_node *item)
{
    bool mapping = fy_node_is_mapping(item), below = false;
    char *text = compose_scalar(mapping ? compose_value(item, "target") : item);
    for (const char *part = text; part && !below; part = strchr(part, ':')) {
        part += *part == ':';
        below = is_below(part);
    }
    free(text);
    return below;
}

static bool not_in_lines(const struct editor *editor, struct error *error)
{
    error_set(error, ERROR_OTHER,
              "service %s of %s can't be copied: its mount at %s, which the copy goes without, "
              "isn't in lines of its own",
              editor->change->service, editor->document->name, directory);
    return error_remedy(error, "Write every item of the service's volumes: in a line of its own "
                               "(- SOURCE:TARGET); see that `docker compose up -d` recreates "
                               "nothing by it; then run this step again.");
}

bool editor_drop_first_start(struct editor *editor, struct fy_node *service, struct error *error)
{
    struct fy_node *volumes = compose_value(service, "volumes"), *item;
    void *iterator = NULL;
    struct compose_block lines;
    while (fy_node_is_sequence(volumes) && (item = fy_node_sequence_iterate(volumes, &iterator))) {
        if (!item_is_below(item))
            continue;
        if (!compose_block_of_item(editor->document, item, &lines))
            return not_in_lines(editor, error);
        patches_add(&editor->patches, lines.start, lines.end, "");
    }
    return true;
}
