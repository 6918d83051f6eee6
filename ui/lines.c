/* lines.c: a page of styled lines, built anew for each frame, that panels and dialogs are made of.
 */
#include "ui/lines.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void lines_clear(struct lines *lines)
{
    text_consume(&lines->bytes, lines->bytes.length);
    lines->span_count = lines->count = lines->header = 0;
}

void lines_free(struct lines *lines)
{
    text_free(&lines->bytes);
    free(lines->spans);
    free(lines->items);
    *lines = (struct lines){.glyphs = lines->glyphs};
}

void lines_begin(struct lines *lines, long tag)
{
    if (lines->count == lines->capacity) {
        lines->capacity = lines->capacity ? 2 * lines->capacity : 64;
        lines->items = xrealloc(lines->items, lines->capacity * sizeof *lines->items);
    }
    lines->items[lines->count++] = (struct line){.first = lines->span_count, .tag = tag};
}

/* The bytes from `offset` on become one more span of the line that was begun last. */
static void close_span(struct lines *lines, enum role role, size_t offset)
{
    if (lines->count == 0)
        lines_begin(lines, -1);
    if (lines->span_count == lines->span_capacity) {
        lines->span_capacity = lines->span_capacity ? 2 * lines->span_capacity : 256;
        lines->spans = xrealloc(lines->spans, lines->span_capacity * sizeof *lines->spans);
    }
    lines->spans[lines->span_count++] =
        (struct span){.role = role, .offset = offset, .length = lines->bytes.length - offset};
    lines->items[lines->count - 1].count++;
}

static void add_bytes(struct lines *lines, enum role role, const char *bytes, size_t length)
{
    size_t offset = lines->bytes.length;
    text_append(&lines->bytes, bytes, length);
    close_span(lines, role, offset);
}

void lines_add(struct lines *lines, enum role role, const char *string)
{
    add_bytes(lines, role, string, strlen(string));
}

void lines_printf(struct lines *lines, enum role role, const char *format, ...)
{
    size_t offset = lines->bytes.length;
    va_list arguments;
    va_start(arguments, format);
    text_vprintf(&lines->bytes, format, arguments);
    va_end(arguments);
    close_span(lines, role, offset);
}

void lines_cell(struct lines *lines, enum role role, const char *string, int columns,
                enum fit_align align)
{
    size_t offset = lines->bytes.length;
    fit_cell(&lines->bytes, string, columns, align, lines->glyphs[GLYPH_ELLIPSIS]);
    close_span(lines, role, offset);
}

int lines_width(const struct lines *lines, size_t index)
{
    const struct line *line = &lines->items[index];
    int width = 0;
    for (size_t i = 0; i < line->count; i++) {
        const struct span *span = &lines->spans[line->first + i];
        width += fit_width(text_string(&lines->bytes) + span->offset, span->length);
    }
    return width;
}

int lines_widest(const struct lines *lines)
{
    int widest = 0;
    for (size_t i = 0; i < lines->count; i++) {
        int width = lines_width(lines, i);
        widest = width > widest ? width : widest;
    }
    return widest;
}

void lines_freeze(struct lines *lines)
{
    lines->items[lines->count - 1].frozen = lines_width(lines, lines->count - 1);
}

void lines_fill(struct lines *lines, enum role role, int column, const char *glyph)
{
    size_t offset = lines->bytes.length;
    for (int at = lines_width(lines, lines->count - 1); at < column; at++)
        text_add(&lines->bytes, glyph);
    close_span(lines, role, offset);
}

void lines_wrap_on(struct lines *lines, enum role role, const char *string, int indent, int width)
{
    const char *next = string;
    for (bool first = true; next; first = false) {
        const char *start = next;
        size_t length = fit_break(start, width - indent, &next);
        if (!first) {
            lines_begin(lines, lines->items[lines->count - 1].tag);
            lines_fill(lines, role, indent, " ");
        }
        add_bytes(lines, role, start, length);
    }
}

void lines_wrap(struct lines *lines, enum role role, const char *string, int indent, int width)
{
    lines_begin(lines, -1);
    lines_fill(lines, role, indent, " ");
    lines_wrap_on(lines, role, string, indent, width);
}

void lines_blank(struct lines *lines)
{
    lines_begin(lines, -1);
}
