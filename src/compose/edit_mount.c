/* edit_mount.c: the item of a service's `volumes:` that is mounted at the target, in its short form
 * ("source:/target:ro") and its long one (a mapping with `source` and `target`). */
#include "compose/edit_parts.h"

#include <stdlib.h>
#include <string.h>

/* Whether `text` starts with the path `target`, be it with a '/' behind, and goes on with ':' or
 * ends. */
static bool is_target(const char *text, const char *target)
{
    size_t length = strlen(target);
    while (length > 1 && target[length - 1] == '/')
        length--;
    if (strncmp(text, target, length) != 0)
        return false;
    text += length;
    text += *text == '/';
    return *text == '\0' || *text == ':';
}

/* Length of the source in "source:target[:options]"; false when the target is another one. */
static bool short_source(const char *text, const char *target, size_t *length)
{
    for (const char *colon = strchr(text, ':'); colon; colon = strchr(colon + 1, ':')) {
        if (is_target(colon + 1, target)) {
            *length = (size_t)(colon - text);
            return true;
        }
    }
    *length = 0;
    return is_target(text, target);
}

static bool matches(struct fy_node *item, const char *target)
{
    size_t length = 0;
    char *text = fy_node_is_mapping(item) ? compose_scalar(compose_value(item, "target"))
                                          : compose_scalar(item);
    bool found = text && (fy_node_is_mapping(item) ? is_target(text, target)
                                                   : short_source(text, target, &length));
    free(text);
    return found;
}

static struct fy_node *find_mount(struct fy_node *service, const char *target, size_t *count)
{
    struct fy_node *volumes = compose_value(service, "volumes"), *item, *found = NULL;
    void *iterator = NULL;
    *count = 0;
    if (!volumes || !fy_node_is_sequence(volumes))
        return NULL;
    while ((item = fy_node_sequence_iterate(volumes, &iterator))) {
        if (matches(item, target)) {
            found = item;
            ++*count;
        }
    }
    return found;
}

bool editor_has_mount(struct fy_node *service, const char *target)
{
    size_t count = 0;
    return find_mount(service, target, &count) != NULL;
}

static bool refuse(const struct editor *editor, const char *why, struct error *error)
{
    error_set(error, ERROR_OTHER, "the volume of service %s at %s can't be edited in %s: %s",
              editor->change->service, editor->change->target, editor->document->name, why);
    return error_remedy(error,
                        "Give the service a line of its own under volumes: - "
                        "VOLUME:%s - see that `docker compose up -d` recreates nothing by "
                        "it, then run this step again.",
                        editor->change->target);
}

static bool change_short(struct editor *editor, struct fy_node *item, const char *what,
                         struct error *error)
{
    size_t source = 0;
    char *text = compose_scalar(item);
    short_source(text ? text : "", editor->change->target, &source);
    free(text);
    if (source == 0)
        return refuse(editor, "it is an anonymous volume there", error);
    return editor_replace(editor, item, what, source, editor->change->volume, error);
}

/* A bind mount becomes a volume, unless it has options that only a bind mount knows. */
static bool change_type(struct editor *editor, struct fy_node *item, const char *what,
                        struct error *error)
{
    struct fy_node *node = compose_value(item, "type");
    char *type = compose_scalar(node);
    bool changed = true;
    if (type && strcmp(type, "volume") != 0) {
        if (compose_pair(item, "bind") || strcmp(type, "bind") != 0)
            changed = refuse(editor, "it is no volume there and has options of its own", error);
        else
            changed = editor_replace(editor, node, what, (size_t)-1, "volume", error);
    }
    free(type);
    return changed;
}

static bool change_long(struct editor *editor, struct fy_node *item, const char *what,
                        struct error *error)
{
    struct fy_node_pair *source = compose_pair(item, "source");
    if (!source)
        source = compose_pair(item, "src");
    if (!source)
        return refuse(editor, "it is an anonymous volume there", error);
    return change_type(editor, item, what, error) &&
           editor_replace(editor, fy_node_pair_value(source), what, (size_t)-1,
                          editor->change->volume, error);
}

bool editor_change_mount(struct editor *editor, struct fy_node *service, struct error *error)
{
    size_t count = 0;
    struct fy_node *item = find_mount(service, editor->change->target, &count);
    if (count > 1)
        return refuse(editor, "two lines mount something there", error);
    if (!item)
        return refuse(
            editor,
            compose_pair(service, "volumes")
                ? "none of the service's volumes: there is mounted at this path"
                : "the service has no volumes: of its own there; they come from an anchor "
                  "(<<), from extends:, from another file or from the image",
            error);
    char *what =
        xprintf("the volume of service %s at %s", editor->change->service, editor->change->target);
    bool changed = fy_node_is_mapping(item) ? change_long(editor, item, what, error)
                                            : change_short(editor, item, what, error);
    free(what);
    return changed;
}
