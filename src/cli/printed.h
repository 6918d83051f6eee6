/* printed.h: what `check` and `render` share: load a runbook without asking anybody, print a text.
 */
#ifndef CLI_PRINTED_H
#define CLI_PRINTED_H

#include "base/text.h"
#include "cli/command.h"
#include "cli/options.h"
#include "runbook/runbook.h"

/* Returns the exit status. `then` (may be NULL) follows when the runbook has no fault; the status
 * is what it returns then. */
int print_runbook(const struct command *command, int argc, char **argv,
                  void (*make)(const struct runbook *runbook, struct text *output),
                  int (*then)(const struct runbook *runbook, struct options *options));

#endif
