/* engine.h: the process that owns a run: starting it, in the background, for a new run or for one
 * that was left. */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "base/error.h"
#include "runbook/runbook.h"

#include <stdbool.h>

/* Makes a run of a loaded and resolved runbook and starts its engine. `run` is its id, or NULL. On
 * true *directory is the caller's. ERROR_LOCKED when another run holds the target. */
bool engine_create(struct runbook *runbook, const char *run, char **directory, struct error *error);

/* Loads the runbook of an existing run as it was, with its variables. Secrets are taken from the
 * files of variables `secrets` (of which nothing else is), else looked up anew, on the run's own
 * Docker engine, which the process's environment names from then on; one that nobody knows is
 * empty. The caller frees it with runbook_free. */
bool engine_load_runbook(const char *directory, const struct text_list *secrets,
                         variable_lookup *lookup, void *context, struct runbook **runbook,
                         struct error *error);
/* Starts the engine of an existing run that has none (see engine_alive). `for_decision`: the caller
 * sends a command next, and nothing is begun before that has come. */
bool engine_resume(const char *directory, struct runbook *runbook, bool for_decision,
                   struct error *error);

/* Ends the engine of a run that hasn't begun anything and removes the run. */
void engine_discard(const char *directory);

#endif
