/* lines.h: a page of styled lines, built anew for each frame, that panels and dialogs are made of.
 */
#ifndef UI_LINES_H
#define UI_LINES_H

#include "base/text.h"
#include "ui/fit.h"
#include "ui/theme.h"

#include <stddef.h>

struct span {
    enum role role;
    size_t offset; /* into the page's bytes */
    size_t length;
};

struct line {
    size_t first; /* span */
    size_t count;
    int frozen; /* columns at the left that don't move when the rest scrolls sideways */
    long tag;   /* what the line is about (a step's index), -1 for nothing */
};

/* Zero-initialised, but for `glyphs`, is an empty page. */
struct lines {
    const char *const *glyphs;
    struct text bytes;
    struct span *spans;
    size_t span_count;
    size_t span_capacity;
    struct line *items;
    size_t count;
    size_t capacity;
    size_t header; /* so many lines at the top stay when the rest scrolls */
};

void lines_clear(struct lines *lines); /* empties it and keeps the memory */
void lines_free(struct lines *lines);

/* Begins a line. */
void lines_begin(struct lines *lines, long tag);
/* The following add to the line that was begun last. */
void lines_add(struct lines *lines, enum role role, const char *string);
void lines_printf(struct lines *lines, enum role role, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void lines_cell(struct lines *lines, enum role role, const char *string, int columns,
                enum fit_align align);
/* What the line holds so far stays at the left when the rest scrolls sideways. */
void lines_freeze(struct lines *lines);
/* Spaces (or another glyph) up to the column, or nothing when the line is past it. */
void lines_fill(struct lines *lines, enum role role, int column, const char *glyph);

/* Adds `string` as many lines as it takes in `width` columns, each indented by `indent`. */
void lines_wrap(struct lines *lines, enum role role, const char *string, int indent, int width);
/* The same, where the first line goes on behind what was already begun and is `indent` wide. */
void lines_wrap_on(struct lines *lines, enum role role, const char *string, int indent, int width);
/* An empty line. */
void lines_blank(struct lines *lines);

int lines_width(const struct lines *lines, size_t index); /* of one line, in columns */
/* The widest line's. */
int lines_widest(const struct lines *lines);

#endif
