/* engine_resume.c: what an earlier engine left behind: steps that ran, something that is held. */
#include "engine/engine_parts.h"

/* What only reads is simply done again: a wait of a day goes on by itself after a reboot. */
static void go_on_reading(struct engine *engine, const char *path)
{
    const struct step *step = engine_step(engine, path);
    if (engine->state->status != RUN_STEP_FAILED || !step || step->danger != DANGER_READ ||
        run_state_holds(engine->state))
        return;
    cJSON *event = engine_event("steps_reset");
    cJSON_AddItemToObject(event, "steps", cJSON_CreateStringArray(&path, 1));
    cJSON_AddTrueToObject(event, "keep_confirmation");
    engine_emit(engine, event);
}

static void mark_interrupted(struct engine *engine)
{
    for (size_t i = 0; i < engine->state->step_count; i++) {
        const struct step_state *seen = &engine->state->steps[i];
        if (seen->status != STEP_RUNNING && seen->status != STEP_UNDOING)
            continue;
        cJSON *event = engine_step_event("step_interrupted", seen->path);
        cJSON_AddStringToObject(event, "message", "the engine ended while this step ran");
        if (!run_state_holds(engine->state))
            cJSON_AddStringToObject(event, "remedy", "retry it, which is safe, or roll back");
        engine_emit(engine, event);
        go_on_reading(engine, seen->path);
    }
}

static bool undoing_fenced(const struct run_state *state)
{
    for (size_t i = 0; i < state->step_count; i++)
        if (state->steps[i].has_fence && state->steps[i].status == STEP_UNDOING)
            return true;
    return false;
}

/* Nobody watched over what is held since that engine's end. */
void engine_take_up_loose_ends(struct engine *engine)
{
    const struct run_state *state = engine->state;
    engine->fence_undoing = undoing_fenced(state);
    mark_interrupted(engine);
    fence_take_up(engine);
    if (state->status == RUN_ROLLBACK_FAILED)
        hold_let_go_again(engine);
    else if (state->status == RUN_AT_GATE)
        hold_let_go(engine, "the engine ended while this gate was open");
    else if (state->status == RUN_RUNNING || state->status == RUN_PAUSED ||
             state->status == RUN_WAITING)
        hold_let_go(engine, "the engine ended after this step");
}
