/* watch_parts.h: the watchers, one file each. */
#ifndef STEPS_WATCH_WATCH_PARTS_H
#define STEPS_WATCH_WATCH_PARTS_H

#include "steps/watch/watch.h"

cJSON *watch_message(const char *type);

bool watch_containers_wanted(const struct runbook *runbook);
void watch_containers(struct step_run *run, int commands);
bool watch_service_wanted(const struct runbook *runbook);
void watch_service(struct step_run *run, int commands);
bool watch_writes_wanted(const struct runbook *runbook);
void watch_writes(struct step_run *run, int commands);

#endif
