/* fence_known.h: what the run knows of a fence that holds writes back. */
#ifndef STEPS_FENCE_FENCE_KNOWN_H
#define STEPS_FENCE_FENCE_KNOWN_H

#include "steps/step.h"

/* The fact "fence" while a fence is held on that server, else NULL. */
const cJSON *fence_known(const struct step_run *run, const char *server);

#endif
