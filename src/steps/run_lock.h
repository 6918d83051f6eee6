/* run_lock.h: a lock in the run's directory: what an earlier attempt of the same run still does
 * comes to its end first. */
#ifndef STEPS_RUN_LOCK_H
#define STEPS_RUN_LOCK_H

#include "steps/step.h"

struct run_lock {
    const char *file;
    const char *what; /* "docker compose": for messages */
    bool inherited;   /* programs that are run meanwhile hold it, too */
    long timeout_ms;
};

/* *descriptor holds it until every process that has it has closed it; -1 when it can't be opened.
 */
bool run_lock(struct step_run *run, const struct run_lock *lock, int *descriptor,
              struct error *error);

#endif
