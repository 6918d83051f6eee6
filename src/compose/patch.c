/* patch.c: replacements in a text, collected first and carried out together. */
#include "compose/patch.h"

#include <stdlib.h>

void patches_add(struct patches *patches, size_t start, size_t end, const char *replacement)
{
    patches->items = xrealloc(patches->items, (patches->count + 1) * sizeof *patches->items);
    patches->items[patches->count++] = (struct patch){start, end, xstrdup(replacement)};
}

static int by_place(const void *left, const void *right)
{
    const struct patch *a = left, *b = right;
    return a->start < b->start ? -1 : a->start > b->start;
}

void patches_apply(struct patches *patches, const char *bytes, size_t length, struct text *result)
{
    size_t done = 0;
    if (patches->count)
        qsort(patches->items, patches->count, sizeof *patches->items, by_place);
    for (size_t i = 0; i < patches->count; i++) {
        const struct patch *patch = &patches->items[i];
        text_append(result, bytes + done, patch->start - done);
        text_add(result, patch->replacement);
        done = patch->end;
    }
    text_append(result, bytes + done, length - done);
}

void patches_free(struct patches *patches)
{
    for (size_t i = 0; i < patches->count; i++)
        free(patches->items[i].replacement);
    free(patches->items);
    *patches = (struct patches){0};
}
