/* variables.h: what a variable needs before it can get its value. */
#ifndef RUNBOOK_VARIABLES_H
#define RUNBOOK_VARIABLES_H

#include "runbook/runbook.h"

/* Adds a fault for every variable that needs itself: through defaults, or through the container of
 * the server that one of its sources looks at. */
void variables_check_cycles(const struct runbook *runbook, struct fault_list *faults);

/* Whether the variable's `one_of` allows that value. */
bool variable_may_be(const struct variable *variable, const char *value);

/* Changes the values that the environment sets with the variables' own ones; once more changes them
 * back. What isn't known is left alone. */
void variables_swap(struct runbook *runbook, struct environment *environment);

#endif
