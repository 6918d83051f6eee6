/* environments.h: a runbook for several environments: one run each, begun together. */
#ifndef CLI_ENVIRONMENTS_H
#define CLI_ENVIRONMENTS_H

#include "cli/options.h"

/* The file read anew from memory and entered (runbook_enter); it has no values yet. */
struct runbook *enter_copy(const struct runbook *runbook, const char *environment,
                           struct error *error);

/* Calls `body` with a copy that was entered, which it frees: for the phases for all (`own`), then
 * for each environment that --environment chooses, in the file's order. During the call the
 * process's environment names that environment's Docker engine. Stops at the first exit status that
 * isn't 0 and returns it. */
int for_each_environment(const struct runbook *runbook, const struct options *options, bool own,
                         int (*body)(struct runbook *entered, void *context), void *context);

/* Whether each --confirm names a gate of the runbook, and of an environment where it has some. */
bool gates_known(const struct runbook *runbook, const struct options *options, struct error *error);

/* Starts the engines of the chosen environments, of a new run (`run` NULL: makes an id) or, where
 * they don't exist yet, of one that is there. None of a new run has begun anything when one of
 * them can't be started. *directory is the group's and the caller's. False with the exit status
 * after everything was told. */
bool start_environments(const struct runbook *runbook, const struct options *options,
                        const char *run, char **directory, int *status);

#endif
