/* engine_keep.c: facts that a step acts upon only once they are on disk, and only if the run is
 * still to go on: the engine's answer to them. */
#include "engine/engine_parts.h"

#include "base/clock.h"

/* Once somebody has decided on going back, a step gets no further. */
static bool goes_on(const struct engine *engine)
{
    const struct run_state *state = engine->state;
    int64_t deadline = hold_deadline(engine);
    bool runs = state->current >= 0 && state->steps[state->current].status == STEP_RUNNING;
    return runs && state->status == RUN_RUNNING && !engine->worker.kill_ms &&
           !engine->asked.reason && (!deadline || clock_wall_ms() < deadline);
}

void engine_keep_facts(struct engine *engine, const char *step, const cJSON *message)
{
    bool kept = goes_on(engine);
    const cJSON *fact;
    cJSON_ArrayForEach(fact, cJSON_GetObjectItemCaseSensitive(message, "facts"))
    {
        if (!kept)
            continue;
        cJSON *event = engine_event("fact");
        cJSON_AddStringToObject(event, "key", fact->string);
        cJSON_AddItemToObject(event, "value", cJSON_Duplicate(fact, true));
        engine_take_report(engine, step, event);
        cJSON_Delete(event);
    }
    kept = kept && engine_sync(engine);
    worker_answer(&engine->worker, kept);
}
