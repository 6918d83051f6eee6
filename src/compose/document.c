/* document.c: a compose file as a tree whose scalars know the bytes that they stand at. */
#include "compose/document.h"

#include "base/text.h"
#include "base/yaml_bytes.h"

#include <stdlib.h>
#include <string.h>

#define SIZE_MAX_BYTES ((size_t)4 << 20)

static void discard(struct fy_diag *diag, void *user, const char *bytes, size_t length)
{
    (void)diag;
    (void)user;
    (void)bytes;
    (void)length;
}

/* libfyaml would write to standard error, which belongs to the screen. */
static struct fy_diag *quiet_diag(void)
{
    struct fy_diag_cfg config;
    fy_diag_cfg_default(&config);
    config.fp = NULL;
    config.output_fn = discard;
    struct fy_diag *diag = fy_diag_create(&config);
    if (diag)
        fy_diag_set_collect_errors(diag, true);
    return diag;
}

static bool syntax_error(const struct compose_document *document, struct error *error)
{
    void *iterator = NULL;
    const struct fy_diag_error *first =
        document->diag ? fy_diag_errors_iterate(document->diag, &iterator) : NULL;
    if (!first)
        return error_set(error, ERROR_OTHER, "%s is no compose file", document->name);
    return error_set(error, ERROR_OTHER, "%s:%d:%d: %s", document->name, first->line, first->column,
                     first->msg ? first->msg : "this is no YAML");
}

/* A file of several documents is none that Compose would take as one. */
static bool build(struct compose_document *document, struct error *error)
{
    struct fy_parse_cfg config = {.flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG,
                                  .diag = document->diag};
    document->document = fy_document_build_from_string(&config, document->bytes, document->length);
    if (!document->document)
        return syntax_error(document, error);
    document->root = fy_document_root(document->document);
    if (!fy_node_is_mapping(document->root))
        return error_set(error, ERROR_OTHER, "%s is no compose file: it holds no services",
                         document->name);
    return true;
}

static int line_at(const struct compose_document *document, size_t at)
{
    int line = 1;
    for (size_t i = 0; i < at; i++)
        line += document->bytes[i] == '\n';
    return line;
}

static bool check_bytes(const struct compose_document *document, struct error *error)
{
    if (document->length > SIZE_MAX_BYTES)
        return error_set(error, ERROR_OTHER, "%s is larger than %zu MiB", document->name,
                         SIZE_MAX_BYTES >> 20);
    size_t at;
    return yaml_bytes_check(document->bytes, document->length, &at, error) ||
           error_wrap(error, "%s:%d", document->name, line_at(document, at));
}

bool compose_document_open(const char *name, const char *bytes, size_t length,
                           struct compose_document *document, struct error *error)
{
    *document = (struct compose_document){.name = name, .bytes = bytes, .length = length};
    if (!check_bytes(document, error))
        return false;
    document->diag = quiet_diag();
    return build(document, error);
}

void compose_document_close(struct compose_document *document)
{
    if (document->document)
        fy_document_destroy(document->document);
    if (document->diag)
        fy_diag_destroy(document->diag);
    *document = (struct compose_document){0};
}

struct fy_node_pair *compose_pair(struct fy_node *node, const char *key)
{
    void *iterator = NULL;
    struct fy_node_pair *pair;
    if (!fy_node_is_mapping(node))
        return NULL;
    while ((pair = fy_node_mapping_iterate(node, &iterator))) {
        size_t length = 0;
        const char *text = fy_node_get_scalar(fy_node_pair_key(pair), &length);
        if (text && length == strlen(key) && !memcmp(text, key, length))
            return pair;
    }
    return NULL;
}

struct fy_node *compose_value(struct fy_node *node, const char *key)
{
    struct fy_node_pair *pair = compose_pair(node, key);
    return pair ? fy_node_pair_value(pair) : NULL;
}

char *compose_scalar(struct fy_node *node)
{
    size_t length = 0;
    if (!node || !fy_node_is_scalar(node) || fy_node_is_alias(node) || fy_node_is_null(node))
        return NULL;
    const char *text = fy_node_get_scalar(node, &length);
    return text ? xstrndup(text, length) : NULL;
}

static const struct fy_mark *start_mark(struct fy_node *node)
{
    struct fy_token *token =
        node && fy_node_is_scalar(node) ? fy_node_get_scalar_token(node) : NULL;
    return token ? fy_token_start_mark(token) : NULL;
}

bool compose_scalar_place(struct fy_node *node, size_t *start, size_t *end)
{
    const struct fy_mark *first = start_mark(node);
    if (!first)
        return false;
    const struct fy_mark *last = fy_token_end_mark(fy_node_get_scalar_token(node));
    if (!last || last->input_pos < first->input_pos)
        return false;
    *start = first->input_pos;
    *end = last->input_pos;
    return true;
}

long compose_column(struct fy_node *node)
{
    const struct fy_mark *mark = start_mark(node);
    enum fy_node_style style = node ? fy_node_get_style(node) : FYNS_ANY;
    bool quoted = style == FYNS_SINGLE_QUOTED || style == FYNS_DOUBLE_QUOTED;
    return mark ? (long)mark->column - quoted : -1;
}

static bool alias_below(struct fy_node *node, const char *name, size_t length)
{
    void *iterator = NULL;
    size_t found_length = 0;
    if (!node)
        return false;
    if (fy_node_is_alias(node)) {
        const char *found = fy_node_get_scalar(node, &found_length);
        return found && found_length == length && !memcmp(found, name, length);
    }
    if (fy_node_is_sequence(node)) {
        struct fy_node *item;
        while ((item = fy_node_sequence_iterate(node, &iterator)))
            if (alias_below(item, name, length))
                return true;
    } else if (fy_node_is_mapping(node)) {
        struct fy_node_pair *pair;
        while ((pair = fy_node_mapping_iterate(node, &iterator)))
            if (alias_below(fy_node_pair_value(pair), name, length))
                return true;
    }
    return false;
}

bool compose_shared(const struct compose_document *document, struct fy_node *node)
{
    struct fy_anchor *anchor = fy_node_get_anchor(node);
    size_t length = 0;
    const char *name = anchor ? fy_anchor_get_text(anchor, &length) : NULL;
    return name && alias_below(document->root, name, length);
}
