/* search.h: the search prompt and what was searched for last. */
#ifndef UI_SEARCH_H
#define UI_SEARCH_H

#include "ui/keymap.h"

#include <stdbool.h>

#define SEARCH_MAX 128

struct search {
    bool open;              /* the prompt is: keys go into it */
    char typed[SEARCH_MAX]; /* in the prompt */
    char pattern[SEARCH_MAX];
};

void search_open(struct search *search);
/* A key for the open prompt. */
enum reaction search_key(struct view *view, const struct key *key);
/* Moves the focused panel to the next line (direction 1) or the previous one (-1) that holds the
 * pattern, round the end; `from_here`: the line at the top counts too. Says so when there is none.
 */
void search_go(struct view *view, int direction, bool from_here);

/* Typing into a field: a printable character at its end, or the last one erased. True when the key
 * was one of these. Shared by the prompt and the gates' phrase. */
bool field_key(char *field, size_t size, const struct key *key);

#endif
