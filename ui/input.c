/* input.c: the filter that keeps stray escape sequences and pasted text from acting as commands. */
#include "ui/input.h"

#define PASTE_STALE_MS 2000    /* a paste whose end mark got lost */
#define SEQUENCE_STALE_MS 1000 /* a sequence in pieces, over a slow line */

enum {
    OUTSIDE,
    AFTER_ESCAPE, /* a lone ESC was passed on; what follows may still be its rest */
    AFTER_ALT,    /* the same, with something right behind it */
    IN_CONTROL,   /* ESC [ : ends with a byte from '@' to '~' */
    IN_SHIFT,     /* ESC O : ends with any byte */
};

static int next_state(int state, int code)
{
    if (state == IN_CONTROL)
        return code >= '@' && code <= '~' ? OUTSIDE : IN_CONTROL;
    if (state == AFTER_ESCAPE || state == AFTER_ALT) {
        if (code == '[')
            return IN_CONTROL;
        if (code == 'O')
            return IN_SHIFT;
    }
    return OUTSIDE;
}

/* Whether the key belongs to a sequence and is to be dropped. */
static bool swallow(struct input_filter *filter, int code)
{
    int before = filter->sequence;
    if (before == OUTSIDE || code >= KEY_FIRST_SPECIAL || code == KEY_ESCAPE) {
        filter->sequence = OUTSIDE;
        return false;
    }
    filter->sequence = next_state(before, code);
    return before != AFTER_ESCAPE || filter->sequence != OUTSIDE;
}

bool input_filter(struct input_filter *filter, int code, int next, int64_t now_ms, struct key *key)
{
    if (now_ms - filter->last_ms > SEQUENCE_STALE_MS)
        filter->sequence = OUTSIDE;
    if (now_ms - filter->last_ms > PASTE_STALE_MS)
        filter->pasting = false;
    filter->last_ms = now_ms;
    if (code == KEY_PASTE_BEGIN || code == KEY_PASTE_END) {
        filter->pasting = code == KEY_PASTE_BEGIN;
        filter->sequence = OUTSIDE;
        return false;
    }
    *key = (struct key){.code = code, .pasted = filter->pasting};
    if (filter->pasting)
        return true;
    if (swallow(filter, code))
        return false;
    if (code != KEY_ESCAPE)
        return true;
    filter->sequence = next ? AFTER_ALT : AFTER_ESCAPE;
    return next != '[' && next != 'O';
}
