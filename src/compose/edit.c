/* edit.c: another image and another volume put into the text of a compose file, every other byte
 * kept: it replaces scalars at their byte positions, and checks the result by reading it again. */
#include "compose/edit_parts.h"

#include <stdlib.h>
#include <string.h>

#define BY_HAND                                                                                    \
    "Write it plainly into the service, see that `docker compose up -d` recreates "                \
    "nothing by it, then run this step again."

static bool elsewhere(const struct editor *editor, const char *what, const char *why,
                      struct error *error)
{
    error_set(error, ERROR_OTHER, "%s can't be edited in %s: %s", what, editor->document->name,
              why);
    return error_remedy(error, BY_HAND);
}

/* Why this scalar can't be replaced where it stands; NULL when it can. */
static const char *obstacle(const struct editor *editor, struct fy_node *node, size_t *start,
                            size_t *end, size_t prefix)
{
    if (!node || fy_node_is_alias(node))
        return "it comes from an anchor (&name, *name)";
    if (!fy_node_is_scalar(node))
        return "it is no plain text there";
    if (compose_shared(editor->document, node))
        return "it has an anchor, and other places of the file take its value too";
    if (fy_node_get_style(node) == FYNS_LITERAL || fy_node_get_style(node) == FYNS_FOLDED)
        return "it is written as a block of text (| or >)";
    if (!compose_scalar_place(node, start, end))
        return "it has no value there";
    size_t length = 0;
    const char *text = fy_node_get_scalar(node, &length);
    const char *raw = editor->document->bytes + *start;
    if (!text || length != *end - *start || memcmp(text, raw, length) != 0)
        return "it is written with escapes or over several lines";
    if (memchr(raw, '$', prefix < length ? prefix : length))
        return "it comes from an environment variable (${...})";
    return NULL;
}

bool editor_replace(struct editor *editor, struct fy_node *node, const char *what, size_t prefix,
                    const char *value, struct error *error)
{
    size_t start = 0, end = 0;
    const char *why = obstacle(editor, node, &start, &end, prefix);
    if (why)
        return elsewhere(editor, what, why, error);
    if (prefix < end - start)
        end = start + prefix;
    if (strlen(value) != end - start ||
        memcmp(editor->document->bytes + start, value, end - start) != 0)
        patches_add(&editor->patches, start, end, value);
    return true;
}

static bool no_service(const struct editor *editor, struct fy_node *services, struct error *error)
{
    struct text_list names = {0};
    void *iterator = NULL;
    struct fy_node_pair *pair;
    while (fy_node_is_mapping(services) && (pair = fy_node_mapping_iterate(services, &iterator))) {
        char *name = compose_scalar(fy_node_pair_key(pair));
        if (name)
            text_list_add(&names, name);
        free(name);
    }
    const char *wrong = editor->change->service;
    const char *nearest = text_nearest(wrong, (const char *const *)names.items, names.count);
    error_set(error, ERROR_OTHER, "%s has no service %s", editor->document->name, wrong);
    if (nearest)
        error_remedy(error, "Did you mean %s? Set the right name with --set.", nearest);
    else
        error_remedy(error, "Name the service with --set service=NAME and its file with "
                            "--set compose_file=FILE.");
    text_list_free(&names);
    return false;
}

bool editor_find_service(struct editor *editor, struct fy_node **service, struct error *error)
{
    struct fy_node *services = compose_value(editor->document->root, "services");
    struct fy_node_pair *pair = compose_pair(services, editor->change->service);
    if (!pair)
        return no_service(editor, services, error);
    *service = fy_node_pair_value(pair);
    if (!fy_node_is_mapping(*service))
        return elsewhere(editor, "the service", "it comes from an anchor (&name, *name)", error);
    return true;
}

bool editor_change_image(struct editor *editor, struct fy_node *service, struct error *error)
{
    char *what = xprintf("the image of service %s", editor->change->service);
    struct fy_node_pair *pair = compose_pair(service, "image");
    bool changed;
    if (compose_pair(service, "build"))
        changed = elsewhere(editor, what,
                            "the service is built (build:), not taken from a registry", error);
    else if (!pair)
        changed = elsewhere(editor, what,
                            "the service has no image: of its own there; it comes from an anchor "
                            "(<<), from extends: or from another file",
                            error);
    else
        changed = editor_replace(editor, fy_node_pair_value(pair), what, (size_t)-1,
                                 editor->change->image, error);
    free(what);
    return changed;
}

/* Reads the result again: the edit must have done what was meant, and the file must still be one.
 */
static bool verify(const char *name, const struct compose_change *change, const struct text *result,
                   struct error *error)
{
    struct compose_document document;
    bool holds = false;
    if (compose_document_open(name, result->bytes, result->length, &document, error)) {
        struct fy_node *services = compose_value(document.root, "services");
        struct fy_node *service = compose_value(services, change->service);
        char *image = compose_scalar(compose_value(service, "image"));
        struct fy_node *volumes = compose_value(document.root, "volumes");
        struct fy_node *declaration = compose_value(volumes, change->volume);
        char *external = compose_scalar(compose_value(declaration, "external"));
        holds = text_equal(image, change->image) && text_equal(external, "true") &&
                editor_has_mount(service, change->target);
        free(image);
        free(external);
        if (!holds)
            error_set(error, ERROR_OTHER, "the edited file doesn't say what it should");
    }
    compose_document_close(&document);
    return holds || error_wrap(error, "checking the edited %s", name);
}

bool compose_edit(const char *name, const char *bytes, size_t length,
                  const struct compose_change *change, struct text *result, struct error *error)
{
    struct compose_document document;
    struct editor editor = {.document = &document, .change = change};
    struct fy_node *service = NULL;
    struct text text = {0};
    bool done = compose_document_open(name, bytes, length, &document, error) &&
                editor_find_service(&editor, &service, error) &&
                editor_change_image(&editor, service, error) &&
                editor_change_mount(&editor, service, error) &&
                editor_declare_volume(&editor, error);
    if (done)
        patches_apply(&editor.patches, bytes, length, &text);
    patches_free(&editor.patches);
    compose_document_close(&document);
    done = done && verify(name, change, &text, error);
    if (done)
        text_append(result, text.bytes, text.length);
    text_free(&text);
    return done;
}

bool compose_find(const char *name, const char *bytes, size_t length, const char *service,
                  const char *target, struct compose_places *places, struct error *error)
{
    struct compose_document document;
    *places = (struct compose_places){0};
    bool read = compose_document_open(name, bytes, length, &document, error);
    if (read) {
        struct fy_node *services = compose_value(document.root, "services");
        struct fy_node *node = compose_value(services, service);
        places->service = compose_pair(services, service) != NULL;
        places->image = compose_pair(node, "image") != NULL;
        places->mount = editor_has_mount(node, target);
    }
    compose_document_close(&document);
    return read;
}
