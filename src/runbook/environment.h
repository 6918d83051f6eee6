/* environment.h: which variables an environment takes from outside, and which it needs. */
#ifndef RUNBOOK_ENVIRONMENT_H
#define RUNBOOK_ENVIRONMENT_H

#include "runbook/runbook.h"

/* Whether what is given to `name`, "NAME" or "ENVIRONMENT:NAME", is for the environment that was
 * entered. False when there is no such environment. */
bool environment_takes(const struct runbook *runbook, const char *name, bool *takes,
                       struct error *error);
/* Whether the phases of what was entered need the variable's value: the phases for all don't need
 * what only environments have. */
bool environment_needs(const struct runbook *runbook, const char *name);

/* Whether no environment was entered yet, and at least one has a value of its own for it: then it
 * has none. */
bool environment_decides(const struct runbook *runbook, const char *name);
/* "test, stage, live"; the caller frees. */
char *environment_names(const struct runbook *runbook);

#endif
