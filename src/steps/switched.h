/* switched.h: the facts that say that traffic has moved to another volume. */
#ifndef STEPS_SWITCHED_H
#define STEPS_SWITCHED_H

#include "steps/step.h"

/* The fact that says when this volume got traffic, false when it didn't; the caller frees. */
char *switched_volume_key(const char *volume);

/* From here on the volume may get traffic. It is on record before it happens, so that a crash in
 * between can't make a rollback take the volume for unused. As step_facts_kept: false when somebody
 * has decided otherwise meanwhile. */
bool switched_record(struct step_run *run, const char *volume, struct error *error);
/* It got none after all. */
void switched_take_back(struct step_run *run, const char *volume);

#endif
