/* engine_fence.c: a rollback's fence: nobody writes on the new server from the last count, or the
 * saving, until the undo that leaves it behind is done. */
#include "engine/engine_parts.h"

#include "base/clock.h"

#include <stdlib.h>

#define FENCE_LIMIT_MS (3L * 60 * 1000)
#define RETRY_MS 2000 /* times the attempt, at most 30 of them */
#define ATTEMPTS_BEHIND_UNDO 3

/* One step of a runbook can have a price. */
static const struct step_state *fenced_step(const struct engine *engine)
{
    for (size_t i = 0; i < engine->state->step_count; i++)
        if (engine->state->steps[i].has_fence)
            return &engine->state->steps[i];
    return NULL;
}

static void start(struct engine *engine, const struct step *step,
                  const struct invocation *invocation)
{
    struct step_job job = {.engine = engine, .step = step, .invocations = invocation, .count = 1};
    struct error error = ERROR_INIT;
    if (!engine_sync(engine))
        return;
    if (worker_start(&engine->counter, engine->directory, engine_run_step, &job, &error)) {
        engine->counter.deadline_ms = clock_monotonic_ms() + FENCE_LIMIT_MS;
    } else {
        engine->counter.message = xstrdup(error.message);
        counter_ended(engine);
    }
}

void fence_start(struct engine *engine, const struct step *step)
{
    engine_emit(engine, engine_step_event("price_fence_started", step->path));
    start(engine, step, step->fence);
}

/* Without it no count stays true: what the rollback would lose isn't known any more. */
void fence_ended(struct engine *engine)
{
    const char *step = fenced_step(engine)->path;
    cJSON *finished = engine_outcome_event(engine, &engine->counter, "price_fence_finished", step);
    engine->asked.fence_held = engine->counter.ok;
    if (!engine->counter.ok) {
        const char *said =
            cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(finished, "message"));
        char *why = xprintf("writes on the new server can't be stopped: %s", said ? said : "?");
        price_say_unknown(engine, step, why);
        free(why);
    }
    engine_emit(engine, finished);
}

static bool behind_undo(const struct engine *engine)
{
    const struct run_state *state = engine->state;
    return state->status == RUN_ROLLING_BACK && fenced_step(engine)->status == STEP_UNDONE;
}

/* A live server must not stay fenced: that is tried for as long as this engine lives. Behind the
 * undo nobody uses that server any more. */
void fence_release_ended(struct engine *engine)
{
    const char *step = fenced_step(engine)->path;
    bool ok = engine->counter.ok;
    long attempt = ++engine->unfence_attempts;
    cJSON *outcome = engine_outcome_event(
        engine, &engine->counter,
        ok || (behind_undo(engine) && attempt >= ATTEMPTS_BEHIND_UNDO) ? "price_fence_released"
                                                                       : "log",
        step);
    const char *said = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(outcome, "message"));
    char *text =
        xprintf("the fence around the new server couldn't be taken back: %s", said ? said : "?");
    if (!ok)
        cJSON_AddStringToObject(outcome, "text", text);
    free(text);
    engine->unfence_ms = ok ? 0 : clock_monotonic_ms() + RETRY_MS * (attempt < 30 ? attempt : 30);
    engine_emit(engine, outcome);
    if (!engine->state->price.fenced)
        engine->unfence_attempts = 0;
}

/* Nothing needs it any more: the rollback isn't begun and isn't about to, or its undo is done. */
static bool to_be_released(const struct engine *engine)
{
    if (!engine->state->price.fenced || engine->asked.reason)
        return false;
    return engine->state->status != RUN_ROLLING_BACK || behind_undo(engine);
}

bool fence_settle(struct engine *engine)
{
    bool release = to_be_released(engine);
    if (release && !engine->counter.process && clock_monotonic_ms() >= engine->unfence_ms) {
        const struct step *step = engine_step(engine, fenced_step(engine)->path);
        start(engine, step, step->unfence);
    }
    return to_be_released(engine) && engine->state->status == RUN_ROLLING_BACK;
}

/* Who could still be writing since that engine's end can't be told: it is asked for again, unless
 * the undo had begun, which goes on. */
void fence_take_up(struct engine *engine)
{
    const struct step_state *step = fenced_step(engine);
    if (!engine->state->price.fenced || engine->state->status != RUN_ROLLING_BACK ||
        step->status == STEP_UNDONE || engine->fence_undoing)
        return;
    cJSON *event = engine_step_event("rollback_failed", step->path);
    cJSON_AddStringToObject(event, "message",
                            "the engine ended while the rollback held writes back; they come "
                            "through again");
    cJSON_AddStringToObject(event, "remedy", "roll back again, which counts anew");
    engine_emit(engine, event);
}
