/* state_hold.c: the reducer's part for what a step holds, and for letting it go. */
#include "engine/state_parts.h"

#include <stdlib.h>

void hold_clear(struct run_state *state)
{
    free(state->hold.step);
    free(state->hold.until);
    state->hold = (struct hold_state){0};
}

void release_clear(struct run_state *state)
{
    free(state->release.step);
    free(state->release.message);
    free(state->release.remedy);
    state->release = (struct release_state){0};
}

bool run_state_holds(const struct run_state *state)
{
    long index = run_state_step(state, state->hold.step);
    return index >= 0 && !state->hold.reached && state->steps[index].status != STEP_UNDONE;
}

/* What an earlier attempt recorded doesn't count: only what is recorded from here on. */
bool apply_hold_began(struct run_state *state, const cJSON *event, struct error *error)
{
    const struct step_state *step = named_step(state, event, error);
    const char *until = event_text(event, "until");
    if (!step || !until)
        return step ? error_set(error, ERROR_OTHER, "no fact that ends it") : false;
    hold_clear(state);
    replace_text(&state->hold.step, step->path);
    replace_text(&state->hold.until, until);
    state->hold.since_ms = event_time(event);
    state->hold.deadline_ms = event_time(event) + (int64_t)event_number(event, "limit_ms", 0);
    return true;
}

/* A step that takes its fact back has not got that far. */
void hold_fact(struct run_state *state, const char *key, const cJSON *value)
{
    if (text_equal(state->hold.until, key))
        state->hold.reached = !cJSON_IsFalse(value) && !cJSON_IsNull(value);
}

/* Letting go that failed and is tried again keeps the reason of its beginning. */
bool apply_release_started(struct run_state *state, const cJSON *event, struct error *error)
{
    const struct step_state *step = named_step(state, event, error);
    if (!step)
        return false;
    if (!state->hold.step)
        return error_set(error, ERROR_OTHER, "nothing is held");
    if (!state->release.step) {
        replace_text(&state->release.step, step->path);
        replace_text(&state->release.message, event_text(event, "message"));
        replace_text(&state->release.remedy, event_text(event, "remedy"));
        state->release.declined = event_flag(event, "declined");
    }
    close_gate(state);
    state->pause_requested = false;
    state->current = step - state->steps;
    state->status = RUN_RELEASING;
    state->again_ms = 0;
    return true;
}

/* The undo that failed is the one that can be skipped. */
bool apply_rollback_failed(struct run_state *state, const cJSON *event, struct error *error)
{
    bool named = event_text(event, "step");
    struct step_state *step = named ? named_step(state, event, error) : NULL;
    int64_t pause = (int64_t)event_number(event, "again_ms", 0);
    if (named && !step)
        return false;
    if (step)
        state->current = step - state->steps;
    if (step && event_text(event, "message")) { /* no undo of its own has said why */
        replace_text(&step->message, event_text(event, "message"));
        replace_text(&step->remedy, event_text(event, "remedy"));
    }
    state->again_ms = pause ? event_time(event) + pause : 0;
    state->status = RUN_ROLLBACK_FAILED;
    return true;
}

bool apply_undo_repeated(struct run_state *state, const cJSON *event, struct error *error)
{
    (void)event;
    if (state->status != RUN_ROLLBACK_FAILED)
        return error_set(error, ERROR_OTHER, "nothing has failed that could be repeated");
    state->again_ms = 0;
    state->status = state->release.step ? RUN_RELEASING : RUN_ROLLING_BACK;
    return true;
}

static void stand_still(struct run_state *state, struct step_state *reason, const cJSON *event)
{
    bool declined = state->release.declined;
    reason->status = declined ? STEP_DECLINED : STEP_FAILED;
    reason->finished_ms = event_time(event);
    replace_text(&reason->message, state->release.message);
    replace_text(&reason->remedy, event_text(event, "remedy"));
    state->status = declined ? RUN_DECLINED : RUN_STEP_FAILED;
    state->current = reason - state->steps;
}

/* From the holding step on everything is to be done and to be decided again; the run stands still
 * at what was the reason. */
bool apply_release_finished(struct run_state *state, const cJSON *event, struct error *error)
{
    long first = run_state_step(state, state->hold.step);
    long at = run_state_step(state, state->release.step);
    if (first < 0 || at < 0)
        return error_set(error, ERROR_OTHER, "nothing is being let go");
    for (long i = first; i < (long)state->step_count; i++)
        step_state_renew(&state->steps[i]);
    stand_still(state, &state->steps[at], event);
    hold_clear(state);
    release_clear(state);
    return true;
}
