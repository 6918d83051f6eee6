/* keymap.h: the tables of keys: what each does, when it acts, its help and its hint. */
#ifndef UI_KEYMAP_H
#define UI_KEYMAP_H

#include "ui/input.h"

#include <stdbool.h>
#include <stddef.h>

struct view;

/* What a key's handler asks the loop for; handlers never draw. */
enum reaction {
    REACTION_NONE, /* the key had nothing to do with it */
    REACTION_REDRAW,
    REACTION_LEAVE,
};

struct key_row {
    int key;
    int other;        /* a second key that does the same, or 0 */
    const char *name; /* as help and hints write it */
    const char *hint; /* for the bottom line, NULL: not shown there */
    const char *help; /* one line; NULL: a row that shares the previous one's help */
    enum reaction (*act)(struct view *view, const struct key_row *row);
    /* NULL: it always acts. Else NULL when it acts now, or why it can't. */
    const char *(*refuse)(const struct view *view);
    int value;   /* for handlers that serve several rows */
    bool pinned; /* its hint is always shown, at the right */
};

/* A table ends with a row whose act is NULL. */
extern const struct key_row keymap_main[];

/* Runs the row of `table` for the key, or says why it can't act. REACTION_NONE when no row has it.
 */
enum reaction keymap_run(const struct key_row *table, struct view *view, int key);
/* The row for a key, NULL when there is none. */
const struct key_row *keymap_find(const struct key_row *table, int key);

/* One key to whatever is in front: too-small screen, dialog, search, panel. */
enum reaction keymap_dispatch(struct view *view, const struct key *key);

#endif
