/* edit_service.c: a service's lines copied under another name, or taken out, and who depends on it
 * told so. */
#include "compose/edit_service.h"

#include "compose/block.h"
#include "compose/edit_parts.h"
#include "compose/first_start.h"

#include <stdlib.h>
#include <string.h>

static bool elsewhere(const struct editor *editor, const char *what, const char *why,
                      struct error *error)
{
    error_set(error, ERROR_OTHER, "service %s of %s can't be %s: %s", editor->change->service,
              editor->document->name, what, why);
    return error_remedy(error, "Write the service in lines of its own, plainly; see that `docker "
                               "compose up -d` recreates nothing by it; then run this step again.");
}

static bool below_has_anchor(struct fy_node *node)
{
    void *iterator = NULL;
    struct fy_node *item;
    struct fy_node_pair *pair;
    if (!node || fy_node_is_alias(node))
        return false;
    if (fy_node_get_anchor(node))
        return true;
    while (fy_node_is_sequence(node) && (item = fy_node_sequence_iterate(node, &iterator)))
        if (below_has_anchor(item))
            return true;
    while (fy_node_is_mapping(node) && (pair = fy_node_mapping_iterate(node, &iterator)))
        if (below_has_anchor(fy_node_pair_value(pair)))
            return true;
    return false;
}

/* What two containers can't have both: a name that clients use, an address. */
static bool has_fixed_endpoint(struct fy_node *service)
{
    static const char *const fixed[] = {"aliases", "ipv4_address", "ipv6_address", "mac_address"};
    struct fy_node *networks = compose_value(service, "networks");
    void *iterator = NULL;
    struct fy_node_pair *pair;
    while (fy_node_is_mapping(networks) && (pair = fy_node_mapping_iterate(networks, &iterator)))
        for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
            if (compose_pair(fy_node_pair_value(pair), fixed[i]))
                return true;
    return compose_pair(service, "mac_address") != NULL;
}

/* NULL when the service's lines can be copied. */
static const char *obstacle(struct fy_node *service)
{
    char *mode = compose_scalar(compose_value(service, "network_mode"));
    bool foreign = mode && strcmp(mode, "bridge") != 0;
    free(mode);
    if (foreign)
        return "it has network_mode:, so two of it would listen on one address";
    if (fy_node_get_style(service) == FYNS_FLOW)
        return "it is written in braces";
    if (below_has_anchor(service))
        return "it has an anchor (&name), which a copy would take over";
    if (has_fixed_endpoint(service))
        return "it has aliases or a fixed address in a network, which two can't have; the "
               "application has to find the server by the service's name";
    return NULL;
}

/* The patches of a document, carried out on a part of it. */
static void apply_within(struct patches *patches, const char *bytes,
                         const struct compose_block *block, struct text *result)
{
    for (size_t i = 0; i < patches->count; i++) {
        patches->items[i].start -= block->start;
        patches->items[i].end -= block->start;
    }
    patches_apply(patches, bytes + block->start, block->end - block->start, result);
}

static bool drop_pair(struct editor *editor, struct fy_node *service, const char *key,
                      struct error *error)
{
    struct fy_node_pair *pair = compose_pair(service, key);
    struct compose_block lines;
    if (!pair)
        return true;
    if (!compose_block_of(editor->document, pair, &lines))
        return elsewhere(editor, "copied", "one of its keys isn't in a line of its own", error);
    patches_add(&editor->patches, lines.start, lines.end, "");
    return true;
}

static bool rename_key(struct editor *editor, struct fy_node_pair *pair, const char *name)
{
    size_t start = 0, end = 0;
    if (!compose_scalar_place(fy_node_pair_key(pair), &start, &end))
        return false;
    patches_add(&editor->patches, start, end, name);
    return true;
}

/* The lines of the new service, from those of the old one. */
static bool copy_lines(struct editor *editor, const struct compose_addition *addition,
                       struct fy_node_pair *pair, const struct compose_block *block,
                       struct text *lines, struct error *error)
{
    struct fy_node *service = fy_node_pair_value(pair);
    struct fy_node *container = compose_value(service, "container_name");
    bool done = rename_key(editor, pair, addition->service) &&
                editor_change_image(editor, service, error) &&
                editor_change_mount(editor, service, error) &&
                editor_drop_first_start(editor, service, error) &&
                drop_pair(editor, service, "ports", error) &&
                (!container || editor_replace(editor, container, "its container_name", (size_t)-1,
                                              addition->container, error));
    if (done)
        apply_within(&editor->patches, editor->document->bytes, block, lines);
    patches_free(&editor->patches);
    return done;
}

/* Behind the old service's lines, with a blank line between when the file has one there. */
static void insert(const struct compose_document *document, const struct compose_block *block,
                   const struct text *lines, struct text *result)
{
    const char *line_end = compose_line_end(document);
    bool open = document->bytes[block->end - 1] != '\n';
    bool apart =
        compose_blank_at(document, block->end) || compose_blank_before(document, block->start);
    text_append(result, document->bytes, block->end);
    if (open)
        text_add(result, line_end);
    if (apart)
        text_add(result, line_end);
    text_append(result, lines->bytes, lines->length);
    text_append(result, document->bytes + block->end, document->length - block->end);
}

static bool add_lines(struct editor *editor, const struct compose_addition *addition,
                      struct text *result, struct error *error)
{
    struct fy_node *services = compose_value(editor->document->root, "services"), *service = NULL;
    struct compose_block block;
    struct text lines = {0};
    if (!editor_find_service(editor, &service, error))
        return false;
    struct fy_node_pair *pair = compose_pair(services, addition->like);
    const char *why = obstacle(service);
    if (!why && !compose_block_of(editor->document, pair, &block))
        why = "it isn't written in lines of its own";
    if (why)
        return elsewhere(editor, "copied", why, error);
    bool done = copy_lines(editor, addition, pair, &block, &lines, error);
    if (done)
        insert(editor->document, &block, &lines, result);
    text_free(&lines);
    return done;
}

static bool declare_volume(const char *name, const struct compose_change *change,
                           const struct text *text, struct text *result, struct error *error)
{
    struct compose_document document;
    struct editor editor = {.document = &document, .change = change};
    bool done = compose_document_open(name, text_string(text), text->length, &document, error) &&
                editor_declare_volume(&editor, error);
    if (done)
        patches_apply(&editor.patches, text_string(text), text->length, result);
    patches_free(&editor.patches);
    compose_document_close(&document);
    return done;
}

bool compose_add_service(const char *name, const char *bytes, size_t length,
                         const struct compose_addition *addition, struct text *result,
                         struct error *error)
{
    struct compose_change change = {.service = addition->like,
                                    .image = addition->image,
                                    .target = addition->target,
                                    .volume = addition->volume};
    struct compose_document document;
    struct editor editor = {.document = &document, .change = &change};
    struct text text = {0};
    bool done = compose_document_open(name, bytes, length, &document, error) &&
                add_lines(&editor, addition, &text, error);
    compose_document_close(&document);
    done = done && declare_volume(name, &change, &text, result, error);
    text_free(&text);
    return done;
}

/* ---- taking a service out ---- */

/* Of two blank lines around what goes one goes along. */
static void drop_block(const struct compose_document *document, const struct compose_block *block,
                       struct patches *patches)
{
    size_t end = block->end;
    if (compose_blank_before(document, block->start) && compose_blank_at(document, end)) {
        const char *next = memchr(document->bytes + end, '\n', document->length - end);
        end = next ? (size_t)(next - document->bytes) + 1 : document->length;
    }
    patches_add(patches, block->start, end, "");
}

/* In braces, or as the only one, the declaration stays: it does no harm. */
static void drop_volume(struct editor *editor, const char *volume)
{
    struct fy_node *volumes = compose_value(editor->document->root, "volumes");
    struct fy_node_pair *pair = volume ? compose_pair(volumes, volume) : NULL;
    struct compose_block block;
    if (pair && fy_node_get_style(volumes) != FYNS_FLOW &&
        fy_node_mapping_item_count(volumes) > 1 && compose_block_of(editor->document, pair, &block))
        drop_block(editor->document, &block, &editor->patches);
}

static bool remove_lines(struct editor *editor, const char *volume, struct error *error)
{
    struct fy_node *services = compose_value(editor->document->root, "services");
    struct fy_node_pair *pair = compose_pair(services, editor->change->service);
    struct compose_block block;
    if (!pair)
        return error_set(error, ERROR_OTHER, "%s has no service %s", editor->document->name,
                         editor->change->service);
    if (below_has_anchor(fy_node_pair_value(pair)))
        return elsewhere(editor, "removed", "it has an anchor (&name)", error);
    if (!compose_block_of(editor->document, pair, &block))
        return elsewhere(editor, "removed", "it isn't written in lines of its own", error);
    drop_block(editor->document, &block, &editor->patches);
    drop_volume(editor, volume);
    return true;
}

typedef bool work(struct editor *editor, const void *context, struct error *error);

/* Opens, lets `work` collect its patches, and carries them out. */
static bool with_editor(const char *name, const char *bytes, size_t length, const char *service,
                        work *collect, const void *context, struct text *result,
                        struct error *error)
{
    struct compose_change change = {.service = service};
    struct compose_document document;
    struct editor editor = {.document = &document, .change = &change};
    bool done = compose_document_open(name, bytes, length, &document, error) &&
                collect(&editor, context, error);
    if (done)
        patches_apply(&editor.patches, bytes, length, result);
    patches_free(&editor.patches);
    compose_document_close(&document);
    return done;
}

static bool collect_removal(struct editor *editor, const void *context, struct error *error)
{
    return remove_lines(editor, context, error);
}

bool compose_remove_service(const char *name, const char *bytes, size_t length, const char *service,
                            const char *volume, struct text *result, struct error *error)
{
    return with_editor(name, bytes, length, service, collect_removal, volume, result, error);
}

/* ---- who depends on it ---- */

static bool depends_list(struct editor *editor, struct fy_node *list, const char *to,
                         struct error *error)
{
    void *iterator = NULL;
    struct fy_node *item, *found = NULL;
    bool both = false;
    while ((item = fy_node_sequence_iterate(list, &iterator))) {
        char *text = compose_scalar(item);
        if (text_equal(text, editor->change->service))
            found = item;
        both = both || text_equal(text, to);
        free(text);
    }
    if (found && both)
        return elsewhere(editor, "replaced in depends_on:", "both are there", error);
    return !found || editor_replace(editor, found, "what depends_on: names", (size_t)-1, to, error);
}

static bool depends_map(struct editor *editor, struct fy_node *map, const char *to,
                        struct error *error)
{
    struct fy_node_pair *pair = compose_pair(map, editor->change->service);
    if (pair && compose_pair(map, to))
        return elsewhere(editor, "replaced in depends_on:", "both are there", error);
    return !pair || rename_key(editor, pair, to);
}

static bool collect_dependencies(struct editor *editor, const void *context, struct error *error)
{
    struct fy_node *services = compose_value(editor->document->root, "services");
    void *iterator = NULL;
    struct fy_node_pair *pair;
    bool good = true;
    while (fy_node_is_mapping(services) && (pair = fy_node_mapping_iterate(services, &iterator))) {
        struct fy_node *node = compose_value(fy_node_pair_value(pair), "depends_on");
        if (node && fy_node_is_sequence(node))
            good = good && depends_list(editor, node, context, error);
        else if (node && fy_node_is_mapping(node))
            good = good && depends_map(editor, node, context, error);
    }
    return good;
}

bool compose_depend_on(const char *name, const char *bytes, size_t length, const char *from,
                       const char *to, struct text *result, struct error *error)
{
    return with_editor(name, bytes, length, from, collect_dependencies, to, result, error);
}

/* ---- the image alone ---- */

static bool collect_image(struct editor *editor, const void *context, struct error *error)
{
    struct compose_change change = {.service = editor->change->service, .image = context};
    const struct compose_change *own = editor->change;
    struct fy_node *service = NULL;
    editor->change = &change;
    bool done =
        editor_find_service(editor, &service, error) && editor_change_image(editor, service, error);
    editor->change = own;
    return done;
}

bool compose_change_image(const char *name, const char *bytes, size_t length, const char *service,
                          const char *image, struct text *result, struct error *error)
{
    return with_editor(name, bytes, length, service, collect_image, image, result, error);
}

bool compose_has_service(const char *name, const char *bytes, size_t length, const char *service,
                         bool *has, struct error *error)
{
    struct compose_document document;
    bool read = compose_document_open(name, bytes, length, &document, error);
    *has = read && compose_pair(compose_value(document.root, "services"), service) != NULL;
    compose_document_close(&document);
    return read;
}
