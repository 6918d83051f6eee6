/* key_ranges.h: many keys of differing rows told as a few ranges, each with how many it holds. */
#ifndef POSTGRES_KEY_RANGES_H
#define POSTGRES_KEY_RANGES_H

#include "base/text.h"

#define KEY_RANGES_MAX 20

struct key_range {
    long long first, last; /* positions */
    char *first_text, *last_text;
    long long count; /* keys in it; last - first + 1 when there is no gap */
};

/* Zero-initialised is empty. Free with key_ranges_free. */
struct key_ranges {
    struct key_range items[KEY_RANGES_MAX + 1];
    size_t count;
};

/* Keys come in ascending order. One that follows the last range's end without a gap lengthens it;
 * where there are too many ranges the two with the smallest gap between them become one. */
void key_ranges_add(struct key_ranges *ranges, long long position, const char *text);
void key_ranges_free(struct key_ranges *ranges);
/* "10..20", or "10" for one key; appended. */
void key_range_name(struct text *text, const struct key_range *range);

#endif
