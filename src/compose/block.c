/* block.c: lines are told apart by their indentation, as YAML's block style does. */
#include "compose/block.h"

#include <string.h>

struct line {
    size_t start, end; /* with its end */
    long indent;
    bool blank, comment, item; /* item: "- " */
};

static struct line line_at(const struct compose_document *document, size_t start)
{
    struct line line = {.start = start};
    const char *end = memchr(document->bytes + start, '\n', document->length - start);
    line.end = end ? (size_t)(end - document->bytes) + 1 : document->length;
    size_t at = start;
    while (at < line.end && document->bytes[at] == ' ')
        at++;
    line.indent = (long)(at - start);
    line.blank = at == line.end || strchr("\r\n", document->bytes[at]);
    line.comment = !line.blank && document->bytes[at] == '#';
    line.item = !line.blank && document->bytes[at] == '-';
    return line;
}

static size_t line_start(const struct compose_document *document, size_t place)
{
    while (place > 0 && document->bytes[place - 1] != '\n')
        place--;
    return place;
}

bool compose_block_of(const struct compose_document *document, struct fy_node_pair *pair,
                      struct compose_block *block)
{
    struct fy_node *key = fy_node_pair_key(pair);
    size_t start = 0, end = 0;
    long column = compose_column(key);
    if (column < 0 || !compose_scalar_place(key, &start, &end))
        return false;
    struct line line = line_at(document, line_start(document, start));
    if (line.indent != column)
        return false;
    *block = (struct compose_block){line.start, line.end};
    while (line.end < document->length) {
        line = line_at(document, line.end);
        bool inside = line.indent > column || (line.indent == column && line.item);
        if (!line.blank && !inside && !line.comment)
            break;
        if (!line.blank && inside)
            block->end = line.end;
    }
    return true;
}

bool compose_block_of_item(const struct compose_document *document, struct fy_node *item,
                           struct compose_block *block)
{
    void *iterator = NULL;
    struct fy_node_pair *pair =
        fy_node_is_mapping(item) ? fy_node_mapping_iterate(item, &iterator) : NULL;
    size_t start = 0, end = 0;
    if (!compose_scalar_place(pair ? fy_node_pair_key(pair) : item, &start, &end))
        return false;
    struct line line = line_at(document, line_start(document, start));
    long column = line.indent;
    if (!line.item)
        return false;
    *block = (struct compose_block){line.start, line.end};
    while (line.end < document->length) {
        line = line_at(document, line.end);
        if (!line.blank && !line.comment && line.indent <= column)
            break;
        if (!line.blank && !line.comment)
            block->end = line.end;
    }
    return true;
}

bool compose_blank_at(const struct compose_document *document, size_t place)
{
    return place < document->length && line_at(document, place).blank;
}

bool compose_blank_before(const struct compose_document *document, size_t place)
{
    return place > 0 && line_at(document, line_start(document, place - 1)).blank;
}

const char *compose_line_end(const struct compose_document *document)
{
    const char *end = memchr(document->bytes, '\n', document->length);
    return end && end > document->bytes && end[-1] == '\r' ? "\r\n" : "\n";
}
