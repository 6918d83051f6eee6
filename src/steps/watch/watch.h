/* watch.h: what is watched while a run lives: containers, the service, the old server's writes.
 * Each is a worker without an end. */
#ifndef STEPS_WATCH_WATCH_H
#define STEPS_WATCH_WATCH_H

#include "steps/step.h"

/* Runs until its process is ended. Reports "container", "service", "writes" and "outage_began",
 * "outage_ended" messages. `commands` is a descriptor with lines that say how to watch ("fast",
 * "slow"); its end means the engine is gone. */
struct watch {
    const char *name; /* NULL ends the table */
    bool (*wanted)(const struct runbook *runbook);
    void (*run)(struct step_run *run, int commands);
};

extern const struct watch watches[];

#endif
