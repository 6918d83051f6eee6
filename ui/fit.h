/* fit.h: how many columns a text takes on the screen, and how it is cut to what there is room for.
 */
#ifndef UI_FIT_H
#define UI_FIT_H

#include "base/text.h"

#include <stddef.h>

/* The character at `bytes` (UTF-8, `length` > 0) and how many bytes it takes, at least 1. What must
 * not reach a terminal (control characters, direction marks, bytes that are no UTF-8) comes back as
 * a space or '?'. */
size_t fit_decode(const char *bytes, size_t length, unsigned *character);

/* 0, 1 or 2, by the locale's wcwidth(3); 1 for what the locale doesn't know, which is drawn as one
 * replacement character. */
int fit_columns(unsigned character);

int fit_width(const char *bytes, size_t length);

/* Bytes of the longest beginning that fits into `columns`; *used, when not NULL, says how many it
 * takes (one less than there is room for where a wide character would straddle the edge). */
size_t fit_prefix(const char *bytes, size_t length, int columns, int *used);

enum fit_align { FIT_LEFT, FIT_RIGHT };

/* Appends `string` as exactly `columns` columns: filled with spaces, or cut and ended with
 * `ellipsis`. */
void fit_cell(struct text *output, const char *string, int columns, enum fit_align align,
              const char *ellipsis);

/* Bytes of `string` that make the first line of at most `columns`: up to a newline, else broken at
 * a space where there is one. *next is where the following line begins, NULL after the last. */
size_t fit_break(const char *string, int columns, const char **next);

/* Where `pattern` begins in `bytes`, ASCII letters in either case; NULL when it isn't there or is
 * empty. */
const char *fit_find(const char *bytes, size_t length, const char *pattern);

#endif
