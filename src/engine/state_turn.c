/* state_turn.c: the reducer's part for a run of several environments: whose turn it is. */
#include "engine/state_parts.h"

#include <stdlib.h>
#include <string.h>

void turn_clear(struct run_state *state)
{
    struct turn_state *turn = &state->turn;
    free(turn->phase);
    free(turn->message);
    for (size_t i = 0; i < turn->awaited_count; i++) {
        free(turn->awaited[i].environment);
        free(turn->awaited[i].phase);
    }
    free(turn->awaited);
    *turn = (struct turn_state){0};
}

static struct phase_state *named_phase(struct run_state *state, const cJSON *event,
                                       struct error *error)
{
    const char *id = event_text(event, "phase");
    for (size_t i = 0; i < state->phase_count; i++)
        if (text_equal(state->phases[i].id, id))
            return &state->phases[i];
    error_set(error, ERROR_OTHER, "no phase \"%s\"", id ? id : "");
    return NULL;
}

static void read_awaited(struct turn_state *turn, const cJSON *list)
{
    const cJSON *item;
    turn->awaited = xcalloc((size_t)cJSON_GetArraySize(list) + 1, sizeof *turn->awaited);
    cJSON_ArrayForEach(item, list)
    {
        const char *environment = event_text(item, "environment"),
                   *phase = event_text(item, "phase");
        turn->awaited[turn->awaited_count++] =
            (struct awaited){.environment = xstrdup(environment ? environment : ""),
                             .phase = xstrdup(phase ? phase : "")};
    }
}

/* The time that it waits since is that of the first of several reasons. */
bool apply_turn_awaited(struct run_state *state, const cJSON *event, struct error *error)
{
    const struct phase_state *phase = named_phase(state, event, error);
    if (!phase)
        return false;
    int64_t since = text_equal(state->turn.phase, phase->id) ? state->turn.since_ms : 0;
    turn_clear(state);
    replace_text(&state->turn.phase, phase->id);
    replace_text(&state->turn.message, event_text(event, "message"));
    state->turn.until_ms = (int64_t)event_number(event, "until", 0);
    state->turn.since_ms = since ? since : event_time(event);
    read_awaited(&state->turn, cJSON_GetObjectItemCaseSensitive(event, "awaited"));
    state->status = RUN_WAITING;
    return true;
}

/* What this environment found out by itself stays; what was handed on before is replaced. */
static void take_facts(struct run_state *state, const cJSON *facts)
{
    const cJSON *fact;
    cJSON_ArrayForEach(fact, facts)
    {
        const char *key = fact->string;
        if (cJSON_HasObjectItem(state->facts, key) && !cJSON_HasObjectItem(state->handed_on, key))
            continue;
        cJSON_DeleteItemFromObjectCaseSensitive(state->facts, key);
        cJSON_DeleteItemFromObjectCaseSensitive(state->handed_on, key);
        cJSON_AddItemToObject(state->facts, key, cJSON_Duplicate(fact, true));
        cJSON_AddTrueToObject(state->handed_on, key);
    }
}

bool apply_turn_came(struct run_state *state, const cJSON *event, struct error *error)
{
    struct phase_state *phase = named_phase(state, event, error);
    if (!phase)
        return false;
    phase->begun = true;
    turn_clear(state);
    take_facts(state, cJSON_GetObjectItemCaseSensitive(event, "facts"));
    state->status = RUN_RUNNING;
    return true;
}

bool apply_turn_forced(struct run_state *state, const cJSON *event, struct error *error)
{
    struct phase_state *phase = named_phase(state, event, error);
    if (!phase)
        return false;
    phase->first = true;
    cJSON_AddItemToArray(state->decisions, cJSON_Duplicate(event, true));
    return true;
}

bool apply_left_out(struct run_state *state, const cJSON *event, struct error *error)
{
    if (run_state_begun(state))
        return error_set(error, ERROR_OTHER, "it has begun");
    close_gate(state);
    turn_clear(state);
    state->current = -1;
    state->pause_requested = false;
    state->status = RUN_LEFT_OUT;
    state->finished_ms = event_time(event);
    cJSON_AddItemToArray(state->decisions, cJSON_Duplicate(event, true));
    return true;
}

bool run_state_begun(const struct run_state *state)
{
    for (size_t i = 0; i < state->step_count; i++)
        if (state->steps[i].started)
            return true;
    return false;
}

bool run_state_through(const struct run_state *state, const char *id)
{
    if (!*id)
        return state->status == RUN_COMPLETE;
    bool known = false;
    for (size_t i = 0; i < state->step_count; i++) {
        const struct step_state *step = &state->steps[i];
        if (!text_equal(state->phases[step->phase].id, id))
            continue;
        known = true;
        if (step->status != STEP_DONE && step->status != STEP_SKIPPED)
            return false;
    }
    return known;
}
