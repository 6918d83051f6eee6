/* engine_hold.c: what a step holds: its beginning, and letting it go when the run stops before it
 * got far enough. */
#include "engine/engine_parts.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

void hold_begin(struct engine *engine, const struct step *step)
{
    if (!step->hold || run_state_holds(engine->state))
        return;
    cJSON *event = engine_step_event("hold_began", step->path);
    cJSON_AddStringToObject(event, "until", step->hold->until);
    cJSON_AddNumberToObject(event, "limit_ms", (double)step->hold->limit_ms);
    engine_emit(engine, event);
}

/* The event names the step at which the run will stand still; none stands before the hold. */
static cJSON *release_event(const struct run_state *state)
{
    long first = run_state_step(state, state->hold.step);
    long at = state->current > first ? state->current : first;
    return engine_step_event("release_started", state->steps[at].path);
}

void hold_check_stop(struct engine *engine)
{
    const struct run_state *state = engine->state;
    bool declined = state->status == RUN_DECLINED;
    if (!run_state_holds(state) || (!declined && state->status != RUN_STEP_FAILED))
        return;
    const struct step_state *step = &state->steps[state->current];
    cJSON *event = release_event(state);
    cJSON_AddBoolToObject(event, "declined", declined);
    if (!declined && step->message)
        cJSON_AddStringToObject(event, "message", step->message);
    if (!declined && step->remedy && *step->remedy)
        cJSON_AddStringToObject(event, "remedy", step->remedy);
    repeat_forget(engine);
    engine_emit(engine, event);
}

static bool goes_on(enum run_status status)
{
    return status == RUN_RUNNING || status == RUN_AT_GATE || status == RUN_PAUSED ||
           status == RUN_WAITING;
}

void hold_let_go(struct engine *engine, const char *message)
{
    if (!run_state_holds(engine->state) || !goes_on(engine->state->status))
        return;
    cJSON *event = release_event(engine->state);
    cJSON_AddStringToObject(event, "message", message);
    engine_emit(engine, event);
    repeat_forget(engine);
    if (engine_sync(engine))
        worker_end(&engine->worker, "it was ended because what the run holds is let go");
}

void hold_check_limit(struct engine *engine)
{
    const struct run_state *state = engine->state;
    char limit[32];
    if (!run_state_holds(state) || clock_wall_ms() < state->hold.deadline_ms)
        return;
    long held = (long)(state->hold.deadline_ms - state->hold.since_ms);
    char *message = xprintf("%s has held for %s, the longest that the runbook allows",
                            state->hold.step, text_duration(limit, sizeof limit, held));
    hold_let_go(engine, message);
    free(message);
}

int64_t hold_deadline(const struct engine *engine)
{
    bool counts = run_state_holds(engine->state) && goes_on(engine->state->status);
    return counts ? engine->state->hold.deadline_ms : 0;
}

void hold_let_go_again(struct engine *engine)
{
    repeat_forget(engine);
    if (engine->state->release.step)
        engine_emit(engine, engine_step_event("release_started", engine->state->release.step));
    else if (run_state_holds(engine->state))
        repeat_now(engine);
}

/* What to do, in the words of what was held. */
static char *remedy_of(const struct engine *engine)
{
    const struct run_state *state = engine->state;
    const struct step *step = engine_step(engine, state->hold.step);
    const char *before = state->release.remedy;
    bool fence = text_equal(step->invocation.action->name, "pg.fence");
    size_t length = before ? strlen(before) : 0;
    return xprintf(
        "%s%s%setry begins again at %s: what that held was let go%s", length ? before : "",
        !length                             ? ""
        : strchr(".!?", before[length - 1]) ? " "
                                            : ". ",
        length ? "R" : "r", state->hold.step, fence ? ", writes come through again" : "");
}

void hold_finish(struct engine *engine)
{
    char *remedy = remedy_of(engine);
    cJSON *event = engine_step_event("release_finished", engine->state->release.step);
    cJSON_AddStringToObject(event, "remedy", remedy);
    engine_emit(engine, event);
    free(remedy);
}
