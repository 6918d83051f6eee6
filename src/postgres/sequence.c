/* sequence.c: whether a sequence's value can have been read while a dump was made. */
#include "postgres/objects_compare.h"

#include <stdlib.h>
#include <string.h>

static bool number(const struct pg_object *object, const char *name, long long *value)
{
    char *text = objects_field(object, name);
    if (text)
        *value = strtoll(text, NULL, 10);
    free(text);
    return text != NULL;
}

static bool truth(const struct pg_object *object, const char *name)
{
    char *text = objects_field(object, name);
    bool yes = text_equal(text, "yes");
    free(text);
    return yes;
}

bool sequence_state_of(const struct pg_object *object, struct sequence_state *state)
{
    state->used = truth(object, "used");
    state->cycle = truth(object, "cycle");
    return number(object, "last value", &state->last_value) &&
           number(object, "increment", &state->increment) &&
           number(object, "minimum", &state->minimum) && number(object, "maximum", &state->maximum);
}

/* As strcmp, in the sequence's direction; "3, not given out yet" stands before "3, given out". */
static int order(const struct sequence_state *left, const struct sequence_state *right)
{
    int forward = left->increment < 0 ? -1 : 1;
    if (left->last_value != right->last_value)
        return left->last_value < right->last_value ? -forward : forward;
    return left->used - right->used;
}

bool sequence_between(const struct sequence_state *first, const struct sequence_state *second,
                      const struct sequence_state *now)
{
    bool behind_first = order(now, first)<0, past_second = order(now, second)> 0;
    if (order(first, second) <= 0)
        return !behind_first && !past_second;
    if (first->cycle)
        return !behind_first || !past_second;
    return order(now, second) >= 0 && order(now, first) <= 0;
}
