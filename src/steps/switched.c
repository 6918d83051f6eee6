/* switched.c: "served.VOLUME" and "switched". */
#include "steps/switched.h"

#include "base/clock.h"
#include "base/text.h"

#include <stdlib.h>

char *switched_volume_key(const char *volume)
{
    return xprintf("served.%s", volume);
}

bool switched_record(struct step_run *run, const char *volume, struct error *error)
{
    char *key = switched_volume_key(volume);
    double now = (double)clock_wall_ms();
    cJSON *facts = cJSON_CreateObject();
    cJSON_AddNumberToObject(facts, key, now);
    cJSON_AddNumberToObject(facts, FACT_SWITCHED, now);
    free(key);
    return step_facts_kept(run, facts, error);
}

void switched_take_back(struct step_run *run, const char *volume)
{
    char *key = switched_volume_key(volume);
    step_fact(run, key, cJSON_CreateFalse());
    step_fact(run, FACT_SWITCHED, cJSON_CreateFalse());
    free(key);
}
