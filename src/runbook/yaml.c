/* yaml.c: a YAML file as a tree of texts, lists and maps, read from libfyaml's events, since they
 * show what a loaded document hides: anchors, tags, duplicate keys. */
#include "runbook/yaml.h"

#include "base/text.h"
#include "base/utf8.h"
#include "base/yaml_bytes.h"
#include "runbook/fault.h"

#include <libfyaml.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    const char *bytes;
    size_t length;
    struct fy_parser *parser;
    struct fault_list *faults;
    bool failed;              /* no use in reading on */
    size_t offset;            /* where `position` is: events come in order, so it only moves on */
    struct position position; /* of `offset` */
};

/* A lone CR ends a line too (YAML 1.2.2, section 5.4). */
static bool ends_line(const struct reader *reader, size_t offset)
{
    if (reader->bytes[offset] == '\n')
        return true;
    return reader->bytes[offset] == '\r' &&
           !(offset + 1 < reader->length && reader->bytes[offset + 1] == '\n');
}

static struct position position_at(struct reader *reader, size_t offset)
{
    if (offset > reader->length)
        offset = reader->length;
    if (offset < reader->offset) {
        reader->offset = 0;
        reader->position = (struct position){1, 1};
    }
    for (; reader->offset < offset; reader->offset++) {
        if (ends_line(reader, reader->offset))
            reader->position = (struct position){reader->position.line + 1, 1};
        else if (((unsigned char)reader->bytes[reader->offset + 1] & 0xC0U) != 0x80U)
            reader->position.column++;
    }
    return reader->position;
}

static struct position mark_position(struct reader *reader, const struct fy_mark *mark)
{
    return mark ? position_at(reader, mark->input_pos) : reader->position;
}

static struct node *node_new(enum node_kind kind, struct position position)
{
    struct node *node = xcalloc(1, sizeof *node);
    node->kind = kind;
    node->position = position;
    return node;
}

void node_free(struct node *node)
{
    if (!node)
        return;
    for (size_t i = 0; i < node->count; i++)
        node_free(node->items[i]);
    free(node->items);
    node_free(node->key);
    free(node->text);
    free(node);
}

const struct node *node_get(const struct node *map, const char *key)
{
    for (size_t i = 0; map && map->kind == NODE_MAP && i < map->count; i++)
        if (!strcmp(map->items[i]->key->text, key))
            return map->items[i];
    return NULL;
}

const char *node_kind_name(const struct node *node)
{
    static const char *const names[] = {"a text", "a list", "a map", "a fault"};
    return node->missing ? "nothing" : names[node->kind];
}

static void add_item(struct reader *reader, struct node *parent, struct node *item)
{
    if (parent->count == YAML_ITEMS_MAX) {
        fault_add(reader->faults, item->position, "more than %d entries in %s", YAML_ITEMS_MAX,
                  node_kind_name(parent));
        reader->failed = true;
        node_free(item);
        return;
    }
    if ((parent->count & (parent->count - 1)) == 0)
        parent->items = xrealloc(parent->items,
                                 (parent->count ? parent->count * 2 : 1) * sizeof *parent->items);
    parent->items[parent->count++] = item;
}

/* libfyaml's marks of '&' and '*' are behind the sign. */
static struct position sign_position(struct reader *reader, const struct fy_mark *mark)
{
    struct position position = mark_position(reader, mark);
    position.column -= position.column > 1;
    return position;
}

/* Anchors and tags would let one text mean another thing than what stands there. */
static bool check_properties(struct reader *reader, struct fy_event *event)
{
    struct fy_token *anchor = fy_event_get_anchor_token(event);
    struct fy_token *tag = fy_event_get_tag_token(event);
    if (anchor)
        fault_add(reader->faults, sign_position(reader, fy_token_start_mark(anchor)),
                  "anchors (&name) are not allowed in a runbook; use a variable");
    if (tag)
        fault_add(reader->faults, mark_position(reader, fy_token_start_mark(tag)),
                  "tags (!name) are not allowed in a runbook; every value is plain text");
    return !anchor && !tag;
}

/* libfyaml's mark of a quoted text is behind the quote, that of a block text before its indent. */
static size_t text_start(const struct reader *reader, struct fy_token *token, size_t start)
{
    enum fy_scalar_style style = fy_token_scalar_style(token);
    if (start && (style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED))
        return start - 1;
    if (style == FYSS_LITERAL || style == FYSS_FOLDED)
        start += strspn(reader->bytes + start, " \r\n");
    return start;
}

static bool check_text(struct reader *reader, struct position position, const char *text,
                       size_t length)
{
    if (memchr(text, '\0', length)) {
        fault_add(reader->faults, position, "a text can't hold the character NUL");
        return false;
    }
    if (utf8_valid_prefix(text, length) != length) {
        fault_add(reader->faults, position, "a text holds an escape that is no Unicode character");
        return false;
    }
    return true;
}

static struct node *read_text(struct reader *reader, struct fy_event *event)
{
    struct fy_token *token = event->scalar.value;
    const struct fy_mark *start = fy_event_start_mark(event), *end = fy_event_end_mark(event);
    size_t length = 0;
    const char *text = token ? fy_token_get_text(token, &length) : NULL;
    if (!text || !start || !end) {
        struct node *nothing = node_new(NODE_TEXT, reader->position);
        nothing->text = xstrdup("");
        nothing->missing = true;
        return nothing;
    }
    size_t from = text_start(reader, token, start->input_pos);
    struct node *node = node_new(NODE_TEXT, position_at(reader, from));
    node->start = from;
    node->end = end->input_pos > from ? end->input_pos : from;
    if (!check_text(reader, node->position, text, length))
        node->kind = NODE_BROKEN;
    else
        node->text = xstrndup(text, length);
    return node;
}

static struct node *read_alias(struct reader *reader, struct fy_event *event)
{
    struct position position = sign_position(reader, fy_event_start_mark(event));
    fault_add(reader->faults, position,
              "aliases (*name) are not allowed in a runbook; use a variable");
    return node_new(NODE_BROKEN, position);
}

static struct node *read_node(struct reader *reader, struct fy_event *event, int depth);

static struct fy_event *next_event(struct reader *reader)
{
    struct fy_event *event = reader->failed ? NULL : fy_parser_parse(reader->parser);
    reader->failed = reader->failed || !event;
    return event;
}

static void read_items(struct reader *reader, struct node *list, int depth)
{
    struct fy_event *event;
    while ((event = next_event(reader)) && event->type != FYET_SEQUENCE_END) {
        struct node *item = read_node(reader, event, depth);
        add_item(reader, list, item);
    }
    fy_parser_event_free(reader->parser, event);
}

/* Whether the key is one that a runbook can have; says why not otherwise. */
static bool check_key(struct reader *reader, const struct node *map, const struct node *key)
{
    if (key->kind == NODE_BROKEN)
        return false;
    if (key->kind != NODE_TEXT || key->missing) {
        fault_add(reader->faults, key->position, "a key has to be a text, not %s",
                  node_kind_name(key));
        return false;
    }
    if (!strcmp(key->text, "<<")) {
        fault_add(reader->faults, key->position,
                  "merge keys (<<) are not allowed in a runbook; write the keys out");
        return false;
    }
    const struct node *first = node_get(map, key->text);
    if (!first)
        return true;
    fault_add(reader->faults, key->position, "the key \"%.60s\" stands twice, first in line %d",
              key->text, first->key->position.line);
    return false;
}

static void read_entries(struct reader *reader, struct node *map, int depth)
{
    struct fy_event *event;
    while ((event = next_event(reader)) && event->type != FYET_MAPPING_END) {
        struct node *key = read_node(reader, event, depth);
        bool good = check_key(reader, map, key);
        event = next_event(reader);
        if (!event) {
            node_free(key);
            break;
        }
        struct node *value = read_node(reader, event, depth);
        value->key = key;
        if (value->missing)
            value->position = key->position;
        if (good)
            add_item(reader, map, value);
        else
            node_free(value);
    }
    fy_parser_event_free(reader->parser, event);
}

static struct node *read_collection(struct reader *reader, struct fy_event *event, int depth)
{
    bool map = event->type == FYET_MAPPING_START;
    struct node *node =
        node_new(map ? NODE_MAP : NODE_LIST, mark_position(reader, fy_event_start_mark(event)));
    if (depth >= YAML_DEPTH_MAX) {
        fault_add(reader->faults, node->position, "lists and maps are nested deeper than %d",
                  YAML_DEPTH_MAX);
        reader->failed = true;
        return node;
    }
    if (map)
        read_entries(reader, node, depth + 1);
    else
        read_items(reader, node, depth + 1);
    return node;
}

/* Reads the node that `event` begins, and frees the event. Never NULL. */
static struct node *read_node(struct reader *reader, struct fy_event *event, int depth)
{
    struct node *node;
    bool good = event->type == FYET_ALIAS || check_properties(reader, event);
    if (event->type == FYET_ALIAS)
        node = read_alias(reader, event);
    else if (event->type == FYET_SCALAR)
        node = read_text(reader, event);
    else
        node = read_collection(reader, event, depth);
    if (!good)
        node->kind = NODE_BROKEN;
    fy_parser_event_free(reader->parser, event);
    return node;
}

static void check_document_start(struct reader *reader, struct fy_event *event)
{
    struct fy_document_state *state = event->document_start.document_state;
    if (fy_document_state_version_explicit(state) || fy_document_state_tags_explicit(state))
        fault_add(reader->faults, (struct position){1, 1},
                  "directives (%%YAML, %%TAG) are not allowed in a runbook");
}

/* One document: its node, and a fault for every further one. */
static struct node *read_stream(struct reader *reader)
{
    struct node *root = NULL;
    struct fy_event *event;
    while ((event = next_event(reader))) {
        bool more = event->type != FYET_STREAM_END;
        if (event->type == FYET_DOCUMENT_START && root) {
            fault_add(reader->faults, mark_position(reader, fy_event_start_mark(event)),
                      "a second document begins here; a runbook file holds one");
            more = false;
        } else if (event->type == FYET_DOCUMENT_START) {
            check_document_start(reader, event);
        } else if (event->type == FYET_SCALAR || event->type == FYET_ALIAS ||
                   event->type == FYET_MAPPING_START || event->type == FYET_SEQUENCE_START) {
            root = read_node(reader, event, 0);
            event = NULL;
        }
        fy_parser_event_free(reader->parser, event);
        if (!more)
            break;
    }
    return root;
}

/* `key: {name: ${value}}` is the commonest slip, and "missing comma" no help against it. */
static bool unquoted_reference(const struct reader *reader, int line)
{
    const char *start = reader->bytes;
    for (int i = 1; i < line && start; i++) {
        start = strchr(start, '\n');
        start = start ? start + 1 : NULL;
    }
    if (!start)
        return false;
    size_t length = strcspn(start, "\n");
    return memmem(start, length, " ${", 3) || memmem(start, length, "[${", 3);
}

/* libfyaml's own words, at the place it gives. */
static void add_syntax_fault(struct reader *reader, struct fy_diag *diag)
{
    void *iterator = NULL;
    const struct fy_diag_error *first = fy_diag_errors_iterate(diag, &iterator);
    if (!first) {
        fault_add(reader->faults, reader->position, "this is no YAML");
        return;
    }
    struct position position = {first->line > 0 ? first->line : 1,
                                first->column > 0 ? first->column : 1};
    fault_add(reader->faults, position, "this is no YAML: %s%s", first->msg ? first->msg : "",
              unquoted_reference(reader, position.line)
                  ? "; inside {} and [] a ${...} has to stand in quotes"
                  : "");
}

static void discard(struct fy_diag *diag, void *user, const char *bytes, size_t length)
{
    (void)diag;
    (void)user;
    (void)bytes;
    (void)length;
}

static struct node *parse_with(struct reader *reader, struct fy_diag *diag)
{
    struct fy_parse_cfg config = {.flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG |
                                           FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE,
                                  .diag = diag};
    reader->parser = fy_parser_create(&config);
    struct node *root = NULL;
    size_t before = reader->faults->count;
    if (reader->parser && !fy_parser_set_string(reader->parser, reader->bytes, reader->length))
        root = read_stream(reader);
    bool silent = reader->faults->count == before;
    if (!reader->parser || fy_parser_get_stream_error(reader->parser) || (reader->failed && silent))
        add_syntax_fault(reader, diag);
    else if (!root && silent)
        fault_add(reader->faults, (struct position){1, 1}, "the file is empty");
    if (reader->faults->count != before && reader->failed) {
        node_free(root);
        root = NULL;
    }
    if (reader->parser)
        fy_parser_destroy(reader->parser);
    return root;
}

static bool check_bytes(struct reader *reader)
{
    if (reader->length > YAML_SIZE_MAX) {
        fault_add(reader->faults, reader->position, "the file is larger than %lu bytes",
                  YAML_SIZE_MAX);
        return false;
    }
    size_t at;
    struct error error = ERROR_INIT;
    if (yaml_bytes_check(reader->bytes, reader->length, &at, &error))
        return true;
    fault_add(reader->faults, position_at(reader, at), "%s", error.message);
    return false;
}

struct node *yaml_parse(const char *bytes, size_t length, struct fault_list *faults)
{
    char *copy = xmalloc(length + 1); /* ends in a NUL, so that looking one byte ahead is safe */
    memcpy(copy, bytes, length);
    copy[length] = '\0';
    struct reader reader = {.bytes = copy, .length = length, .faults = faults, .position = {1, 1}};
    struct fy_diag_cfg config;
    fy_diag_cfg_default(&config);
    config.fp = NULL;
    config.output_fn = discard;
    struct fy_diag *diag = fy_diag_create(&config);
    struct node *root = NULL;
    if (diag && check_bytes(&reader)) {
        fy_diag_set_collect_errors(diag, true);
        root = parse_with(&reader, diag);
    }
    if (diag)
        fy_diag_destroy(diag);
    free(copy);
    return root;
}
