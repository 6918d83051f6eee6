/* key_ranges.c: a bounded list of ranges that grows at its end. */
#include "postgres/key_ranges.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static uint64_t gap(const struct key_range *before, long long position)
{
    return (uint64_t)position - (uint64_t)before->last;
}

static void free_range(struct key_range *range)
{
    free(range->first_text);
    free(range->last_text);
}

static void join_nearest(struct key_ranges *ranges)
{
    struct key_range *items = ranges->items;
    size_t nearest = 1;
    for (size_t i = 2; i < ranges->count; i++)
        if (gap(&items[i - 1], items[i].first) < gap(&items[nearest - 1], items[nearest].first))
            nearest = i;
    struct key_range *before = &items[nearest - 1], *after = &items[nearest];
    free(before->last_text);
    free(after->first_text);
    before->last = after->last;
    before->last_text = after->last_text;
    before->count += after->count;
    ranges->count--;
    memmove(after, after + 1, (ranges->count - nearest) * sizeof *after);
}

void key_ranges_add(struct key_ranges *ranges, long long position, const char *text)
{
    struct key_range *last = ranges->count ? &ranges->items[ranges->count - 1] : NULL;
    if (last && gap(last, position) <= 1) {
        free(last->last_text);
        last->last = position;
        last->last_text = xstrdup(text);
        last->count++;
        return;
    }
    ranges->items[ranges->count++] = (struct key_range){.first = position,
                                                        .last = position,
                                                        .first_text = xstrdup(text),
                                                        .last_text = xstrdup(text),
                                                        .count = 1};
    if (ranges->count > KEY_RANGES_MAX)
        join_nearest(ranges);
}

void key_ranges_free(struct key_ranges *ranges)
{
    for (size_t i = 0; i < ranges->count; i++)
        free_range(&ranges->items[i]);
    *ranges = (struct key_ranges){0};
}

void key_range_name(struct text *text, const struct key_range *range)
{
    text_add(text, range->first_text);
    if (range->count > 1)
        text_printf(text, "..%s", range->last_text);
}
