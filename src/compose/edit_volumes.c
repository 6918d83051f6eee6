/* edit_volumes.c: the declaration of the new volume among a compose file's top-level `volumes:`, in
 * the file's own indentation and line ends. */
#include "compose/block.h"
#include "compose/edit_parts.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_STEP 2

/* Position behind the line that holds `place`. */
static size_t behind_line(const struct compose_document *document, size_t place)
{
    const char *end = memchr(document->bytes + place, '\n', document->length - place);
    return end ? (size_t)(end - document->bytes) + 1 : document->length;
}

/* Inserts whole lines (each ending in '\n') at the start of a line or at the file's end. A file
 * whose last line has no end keeps that habit. */
static void insert_lines(struct editor *editor, size_t place, const char *lines)
{
    const struct compose_document *document = editor->document;
    const char *line_end = compose_line_end(document);
    bool open = place > 0 && document->bytes[place - 1] != '\n';
    struct text text = {0};
    if (open)
        text_add(&text, line_end);
    for (; *lines; lines++) {
        if (*lines != '\n')
            text_append(&text, lines, 1);
        else if (!open || lines[1])
            text_add(&text, line_end);
    }
    patches_add(&editor->patches, place, place, text_string(&text));
    text_free(&text);
}

/* By how much the file indents: the first child of `node`, whose own column is `column`. */
static long step_below(struct fy_node *node, long column)
{
    void *iterator = NULL;
    struct fy_node_pair *pair =
        fy_node_is_mapping(node) ? fy_node_mapping_iterate(node, &iterator) : NULL;
    long below = pair ? compose_column(fy_node_pair_key(pair)) : -1;
    return below > column ? below - column : DEFAULT_STEP;
}

static long file_step(const struct editor *editor)
{
    struct fy_node_pair *services = compose_pair(editor->document->root, "services");
    return step_below(services ? fy_node_pair_value(services) : NULL,
                      services ? compose_column(fy_node_pair_key(services)) : 0);
}

static char *declaration(const struct editor *editor, long column, long step)
{
    return xprintf("%*s%s:\n%*sexternal: true\n", (int)column, "", editor->change->volume,
                   (int)(column + step), "");
}

static bool refuse(const struct editor *editor, const char *why, struct error *error)
{
    error_set(error, ERROR_OTHER, "volume %s can't be declared in %s: %s", editor->change->volume,
              editor->document->name, why);
    return error_remedy(error,
                        "Declare it yourself under the file's top-level volumes: as \"%s: "
                        "{external: true}\", then run this step again.",
                        editor->change->volume);
}

/* No `volumes:` yet: they go to the file's end. */
static bool add_section(struct editor *editor, struct error *error)
{
    long step = file_step(editor);
    if (fy_node_get_style(editor->document->root) == FYNS_FLOW)
        return refuse(editor,
                      "the file is written in one pair of braces and has no volumes:", error);
    char *entry = declaration(editor, step, step);
    char *section = xprintf("\nvolumes:\n%s", entry);
    insert_lines(editor, editor->document->length, section);
    free(section);
    free(entry);
    return true;
}

/* `volumes: {a: {}}`: right behind the opening brace. */
static bool add_in_braces(struct editor *editor, struct fy_node_pair *section, struct error *error)
{
    const struct compose_document *document = editor->document;
    struct fy_node *key = fy_node_pair_key(section);
    size_t start = 0, end = 0;
    if (!compose_scalar_place(key, &start, &end))
        return refuse(editor, "its volumes: can't be found", error);
    while (end < document->length && strchr("\"': \t\r\n", document->bytes[end]))
        end++;
    if (end >= document->length || document->bytes[end] != '{')
        return refuse(editor, "its volumes: are written in a way this program doesn't edit", error);
    const char *quote = fy_node_get_style(key) == FYNS_DOUBLE_QUOTED ? "\"" : "";
    bool more = fy_node_mapping_item_count(fy_node_pair_value(section)) > 0;
    char *entry = xprintf("%s%s%s: {%sexternal%s: true}%s", quote, editor->change->volume, quote,
                          quote, quote, more ? ", " : "");
    patches_add(&editor->patches, end + 1, end + 1, entry);
    free(entry);
    return true;
}

/* An empty declaration that nothing else uses gives its place: the key is renamed, a line added. */
static bool rename_entry(struct editor *editor, struct fy_node_pair *entry, long step)
{
    struct fy_node *key = fy_node_pair_key(entry), *value = fy_node_pair_value(entry);
    size_t start = 0, end = 0, place = 0, place_end = 0;
    bool null = !value || (fy_node_is_null(value) && !fy_node_get_anchor(value) &&
                           !compose_scalar_place(value, &place, &place_end));
    if (!null || !compose_scalar_place(key, &start, &end))
        return false;
    patches_add(&editor->patches, start, end, editor->change->volume);
    char *line = xprintf("%*sexternal: true\n", (int)(compose_column(key) + step), "");
    insert_lines(editor, behind_line(editor->document, end), line);
    free(line);
    return true;
}

/* `volumes:` in lines of its own, or with nothing below it. */
static void add_entry(struct editor *editor, struct fy_node_pair *section)
{
    struct fy_node *key = fy_node_pair_key(section), *value = fy_node_pair_value(section);
    long column = compose_column(key);
    bool filled = value && fy_node_is_mapping(value) && fy_node_mapping_item_count(value) > 0;
    long step = filled ? step_below(value, column) : file_step(editor);
    const char *replaced = editor->change->replaced_key;
    struct fy_node_pair *entry = replaced ? compose_pair(value, replaced) : NULL;
    size_t start = 0, end = 0;
    if (entry && rename_entry(editor, entry, step))
        return;
    compose_scalar_place(key, &start, &end);
    char *lines = declaration(editor, column + step, step);
    insert_lines(editor, behind_line(editor->document, end), lines);
    free(lines);
}

static bool declared_already(const struct editor *editor, struct fy_node_pair *entry,
                             struct error *error)
{
    char *external = compose_scalar(compose_value(fy_node_pair_value(entry), "external"));
    char *name = compose_scalar(compose_value(fy_node_pair_value(entry), "name"));
    bool right =
        text_equal(external, "true") && (!name || text_equal(name, editor->change->volume));
    free(external);
    free(name);
    return right ||
           refuse(editor, "that key is there already and isn't this external volume", error);
}

bool editor_declare_volume(struct editor *editor, struct error *error)
{
    struct fy_node_pair *section = compose_pair(editor->document->root, "volumes");
    struct fy_node *value = section ? fy_node_pair_value(section) : NULL;
    struct fy_node_pair *entry = compose_pair(value, editor->change->volume);
    if (!section)
        return add_section(editor, error);
    if (entry)
        return declared_already(editor, entry, error);
    bool null = !value || (fy_node_is_null(value) && !fy_node_get_anchor(value));
    if (!null && !fy_node_is_mapping(value))
        return refuse(editor, "its volumes: come from an anchor (&name, *name)", error);
    if (!null && compose_shared(editor->document, value))
        return refuse(editor, "its volumes: have an anchor that other places use", error);
    if (!null && fy_node_get_style(value) == FYNS_FLOW)
        return add_in_braces(editor, section, error);
    add_entry(editor, section);
    return true;
}
