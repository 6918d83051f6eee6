/* condition.h: the shape of a step's `when`. */
#ifndef RUNBOOK_CONDITION_H
#define RUNBOOK_CONDITION_H

#include "runbook/runbook.h"

#include <stdbool.h>

struct condition {
    char *left;   /* unexpanded, as is the right side */
    char *right;  /* NULL: the left side alone is looked at */
    bool negated; /* "!=" */
};

/* "A == B", "A != B" or "A". On true the caller frees with condition_free. */
bool condition_parse(const char *text, struct condition *condition, struct error *error);
void condition_free(struct condition *condition);

#endif
