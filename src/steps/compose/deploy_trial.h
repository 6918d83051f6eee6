/* deploy_trial.h: what `docker compose up` would do, found by its own dry run. */
#ifndef STEPS_COMPOSE_DEPLOY_TRIAL_H
#define STEPS_COMPOSE_DEPLOY_TRIAL_H

#include "base/text.h"
#include "compose/command.h"
#include "steps/step.h"

struct deploy_trial {
    struct step_run *run;
    const struct compose_project *project;
    const struct text_list *services; /* to be made; none: all of the stack */
    const cJSON *before;              /* the project's containers as they are now */
};

/* Whether the services can be brought up by `up` together with what they depend on, so that no
 * other container is touched. When they can't, that is evidence with the reason. */
bool deploy_may_name_dependencies(const struct deploy_trial *trial, const struct compose_up *up);

#endif
