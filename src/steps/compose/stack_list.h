/* stack_list.h: a stack's containers in the engine's list: found, told apart, waited for. */
#ifndef STEPS_COMPOSE_STACK_LIST_H
#define STEPS_COMPOSE_STACK_LIST_H

#include "base/text.h"
#include "docker/docker.h"
#include "steps/step.h"

/* The entry of a list by stack_containers that bears this name; NULL for none. */
const cJSON *stack_list_find(const cJSON *list, const char *name);
/* Whether it is a container of one of these services; of any one when none is named. */
bool stack_list_is_of(const struct text_list *services, const cJSON *entry);

/* Until every container of these services (of the argument `project`) runs and isn't unhealthy, or
 * has ended with status 0. After so many milliseconds it is an error, which names one; its last log
 * lines are shown. */
bool stack_wait_up(struct step_run *run, struct docker *docker, const struct text_list *services,
                   long timeout_ms, struct error *error);

#endif
