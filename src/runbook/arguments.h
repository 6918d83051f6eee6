/* arguments.h: an action's arguments with their values filled in, and what is wrong with them. */
#ifndef RUNBOOK_ARGUMENTS_H
#define RUNBOOK_ARGUMENTS_H

#include "runbook/runbook.h"

/* The table's row with this name, or NULL. */
const struct argument *argument_find(const struct action *action, const char *name);
/* Where the argument's value stands; the invocation's own position when it isn't given. */
struct position argument_position(const struct invocation *invocation, const char *name);
/* Whether its value is a list, a map or a structure, whose items may be any text. */
bool argument_is_collection(const struct argument *argument);

#endif
