/* application_down.c: the fact "application_down". */
#include "steps/compose/application_down.h"

#define FACT_DOWN "application_down" /* {down_since: wall ms}, or false */
#define DOWN_SINCE "down_since"

int64_t application_down_since(const struct step_run *run)
{
    const cJSON *since = cJSON_GetObjectItemCaseSensitive(step_known(run, FACT_DOWN), DOWN_SINCE);
    return cJSON_IsNumber(since) ? (int64_t)since->valuedouble : 0;
}

void application_is_down(struct step_run *run, int64_t since_ms)
{
    if (application_down_since(run))
        return;
    cJSON *fact = cJSON_CreateObject();
    cJSON_AddNumberToObject(fact, DOWN_SINCE, (double)since_ms);
    step_fact(run, FACT_DOWN, fact);
}

void application_is_up(struct step_run *run)
{
    if (application_down_since(run))
        step_fact(run, FACT_DOWN, cJSON_CreateFalse());
}
