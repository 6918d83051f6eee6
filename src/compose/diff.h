/* diff.h: what an edit changed, as a unified difference for people, without secrets. */
#ifndef COMPOSE_DIFF_H
#define COMPOSE_DIFF_H

#include "base/text.h"

/* Appends the difference of two texts in unified format with two lines of context; nothing when
 * they are equal. What looks like a secret's value is shown as "***". */
void diff_lines(const char *name, const char *before, const char *after, struct text *output);
/* Copies a line with values of passwords, tokens and the like, and passwords in addresses, as
 * "***". */
void diff_mask(const char *line, size_t length, struct text *output);

#endif
