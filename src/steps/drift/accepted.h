/* accepted.h: whether what a gate has accepted still covers what is there now. */
#ifndef STEPS_DRIFT_ACCEPTED_H
#define STEPS_DRIFT_ACCEPTED_H

#include "steps/step.h"

#define ACCEPTED_HELP                                                                              \
    "name of the fact that says how many written rows a gate has accepted; none, but some there "  \
    "are now, is a failure"

/* A gate that was confirmed for nothing written doesn't cover what was written since. The step's
 * argument `accepted` names the fact; without one everything is accepted. `changes` below 0 are
 * unknown. */
bool accepted_covers(const struct step_run *run, long long rows, long long changes,
                     struct error *error);

#endif
