/* state_gate.c: the reducer's part for gates: what was shown, and what was answered. */
#include "engine/state_parts.h"

#include <stdlib.h>

void gate_state_clear(struct gate_state *gate)
{
    free(gate->step);
    free(gate->question);
    free(gate->phrase);
    free(gate->diff);
    free(gate->offer);
    for (size_t i = 0; i < gate->evidence_count; i++) {
        free(gate->evidence[i].name);
        free(gate->evidence[i].detail);
    }
    free(gate->evidence);
    *gate = (struct gate_state){0};
}

void close_gate(struct run_state *state)
{
    gate_state_clear(&state->gate);
    for (size_t i = 0; i < state->step_count; i++)
        if (state->steps[i].status == STEP_AT_GATE)
            state->steps[i].status = STEP_PENDING;
}

static void read_evidence(struct gate_state *gate, const cJSON *list)
{
    const cJSON *item;
    gate->evidence = xcalloc((size_t)cJSON_GetArraySize(list), sizeof *gate->evidence);
    cJSON_ArrayForEach(item, list)
    {
        struct evidence *evidence = &gate->evidence[gate->evidence_count++];
        replace_text(&evidence->name, event_text(item, "name") ? event_text(item, "name") : "");
        replace_text(&evidence->detail,
                     event_text(item, "detail") ? event_text(item, "detail") : "");
        evidence->verdict = (int)event_number(item, "verdict", 2);
    }
}

bool apply_gate_opened(struct run_state *state, const cJSON *event, struct error *error)
{
    long index = run_state_step(state, event_text(event, "step"));
    if (index < 0)
        return error_set(error, ERROR_OTHER, "no such step");
    struct gate_state *gate = &state->gate;
    gate_state_clear(gate);
    replace_text(&gate->step, state->steps[index].path);
    replace_text(&gate->question, event_text(event, "question"));
    replace_text(&gate->phrase, event_text(event, "phrase"));
    replace_text(&gate->diff, event_text(event, "diff"));
    replace_text(&gate->offer, event_text(event, "offer"));
    gate->writes = (long long)event_number(event, "writes", 0);
    gate->opening = (long)event_number(event, "opening", 0);
    gate->typed = event_flag(event, "typed");
    gate->blocked = event_flag(event, "blocked");
    gate->loses = (long long)event_number(event, "loses", 0);
    gate->opened_ms = event_time(event);
    gate->deadline_ms = (int64_t)event_number(event, "deadline", 0);
    read_evidence(gate, cJSON_GetObjectItemCaseSensitive(event, "evidence"));
    state->steps[index].status = STEP_AT_GATE;
    state->current = index;
    state->status = RUN_AT_GATE;
    return true;
}

bool apply_gate_answered(struct run_state *state, const cJSON *event, struct error *error)
{
    long index = run_state_step(state, event_text(event, "step"));
    if (index < 0)
        return error_set(error, ERROR_OTHER, "no such step");
    bool confirmed = text_equal(event_text(event, "answer"), "confirm");
    bool goes_on = confirmed || text_equal(event_text(event, "answer"), "offer");
    struct step_state *step = &state->steps[index];
    step->status = goes_on ? STEP_PENDING : STEP_DECLINED;
    step->confirmed = confirmed;
    state->status = goes_on ? RUN_RUNNING : RUN_DECLINED;
    replace_text(&state->confirming_tty, event_text(event, "tty"));
    cJSON_AddItemToArray(state->decisions, cJSON_Duplicate(event, true));
    gate_state_clear(&state->gate);
    return true;
}
