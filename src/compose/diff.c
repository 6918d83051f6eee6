/* diff.c: what an edit changed, as a unified difference for people, without secrets. */
#include "compose/diff.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CONTEXT 2
#define TABLE_MAX ((size_t)16 << 20) /* cells; beyond it the whole middle counts as changed */

struct line {
    const char *start;
    size_t length; /* without its end */
};

struct lines {
    struct line *items;
    size_t count;
};

/* One line of the result: ' ', '-' or '+', and its numbers in both texts. */
struct edit {
    char sign;
    struct line line;
    size_t before, after;
};

struct script {
    struct edit *items;
    size_t count;
};

static void split(const char *text, struct lines *lines)
{
    while (*text) {
        size_t length = strcspn(text, "\n"), shown = length;
        if (shown && text[shown - 1] == '\r')
            shown--;
        lines->items = xrealloc(lines->items, (lines->count + 1) * sizeof *lines->items);
        lines->items[lines->count++] = (struct line){text, shown};
        text += length + (text[length] == '\n');
    }
}

static bool same(const struct line *left, const struct line *right)
{
    return left->length == right->length && !memcmp(left->start, right->start, left->length);
}

static void add(struct script *script, char sign, const struct line *line, size_t before,
                size_t after)
{
    script->items = xrealloc(script->items, (script->count + 1) * sizeof *script->items);
    script->items[script->count++] = (struct edit){sign, *line, before, after};
}

/* Length of the longest common subsequence of what is left from each pair of lines on. */
static uint32_t *lengths(const struct line *old, size_t rows, const struct line *new,
                         size_t columns)
{
    uint32_t *table = xcalloc((rows + 1) * (columns + 1), sizeof *table);
    for (size_t i = rows; i-- > 0;) {
        for (size_t j = columns; j-- > 0;) {
            uint32_t down = table[(i + 1) * (columns + 1) + j];
            uint32_t right = table[i * (columns + 1) + j + 1];
            table[i * (columns + 1) + j] = same(&old[i], &new[j])
                                               ? table[(i + 1) * (columns + 1) + j + 1] + 1
                                               : (down > right ? down : right);
        }
    }
    return table;
}

/* The part between the lines that both texts start and end with. */
static void compare_middle(const struct lines *old, const struct lines *new, size_t prefix,
                           size_t suffix, struct script *script)
{
    size_t rows = old->count - prefix - suffix, columns = new->count - prefix - suffix;
    const struct line *before = old->items + prefix, *after = new->items + prefix;
    bool fits = rows < TABLE_MAX / (columns + 1);
    uint32_t *table = fits ? lengths(before, rows, after, columns) : NULL;
    size_t i = 0, j = 0;
    while (i < rows || j < columns) {
        bool both = i < rows && j < columns;
        if (table && both && same(&before[i], &after[j])) {
            add(script, ' ', &before[i], prefix + i, prefix + j);
            i++;
            j++;
        } else if (i < rows &&
                   (j == columns || !table ||
                    table[(i + 1) * (columns + 1) + j] >= table[i * (columns + 1) + j + 1])) {
            add(script, '-', &before[i], prefix + i, prefix + j);
            i++;
        } else {
            add(script, '+', &after[j], prefix + i, prefix + j);
            j++;
        }
    }
    free(table);
}

static void compare(const struct lines *old, const struct lines *new, struct script *script)
{
    size_t prefix = 0, suffix = 0;
    size_t shorter = old->count < new->count ? old->count : new->count;
    while (prefix < shorter && same(&old->items[prefix], &new->items[prefix]))
        prefix++;
    while (suffix < shorter - prefix &&
           same(&old->items[old->count - 1 - suffix], &new->items[new->count - 1 - suffix]))
        suffix++;
    for (size_t i = 0; i < prefix; i++)
        add(script, ' ', &old->items[i], i, i);
    compare_middle(old, new, prefix, suffix, script);
    for (size_t i = 0; i < suffix; i++)
        add(script, ' ', &old->items[old->count - suffix + i], old->count - suffix + i,
            new->count - suffix + i);
}

/* From `from` on, the next stretch of changes with its context; false when there is none. */
static bool next_hunk(const struct script *script, size_t from, size_t *start, size_t *end)
{
    size_t first = from;
    while (first < script->count && script->items[first].sign == ' ')
        first++;
    if (first == script->count)
        return false;
    *start = first > from + CONTEXT ? first - CONTEXT : from;
    *end = first;
    for (size_t i = first; i < script->count && i <= *end + 2 * CONTEXT; i++)
        if (script->items[i].sign != ' ')
            *end = i;
    *end = *end + 1 + CONTEXT < script->count ? *end + 1 + CONTEXT : script->count;
    return true;
}

static size_t count_of(const struct script *script, size_t start, size_t end, char without)
{
    size_t count = 0;
    for (size_t i = start; i < end; i++)
        count += script->items[i].sign != without;
    return count;
}

static void write_hunk(const struct script *script, size_t start, size_t end, struct text *output)
{
    const struct edit *first = &script->items[start];
    text_printf(output, "@@ -%zu,%zu +%zu,%zu @@\n", first->before + 1,
                count_of(script, start, end, '+'), first->after + 1,
                count_of(script, start, end, '-'));
    for (size_t i = start; i < end; i++) {
        const struct edit *edit = &script->items[i];
        text_append(output, &edit->sign, 1);
        diff_mask(edit->line.start, edit->line.length, output);
        text_add(output, "\n");
    }
}

void diff_lines(const char *name, const char *before, const char *after, struct text *output)
{
    struct lines old = {0}, new = {0};
    struct script script = {0};
    size_t start = 0, end = 0;
    split(before, &old);
    split(after, &new);
    compare(&old, &new, &script);
    if (next_hunk(&script, 0, &start, &end))
        text_printf(output, "--- %s\n+++ %s\n", name, name);
    for (end = 0; next_hunk(&script, end, &start, &end);)
        write_hunk(&script, start, end, output);
    free(script.items);
    free(old.items);
    free(new.items);
}
