/* state.c: the reducer: one row per type of event, one function per row. */
#include "engine/state.h"

#include "engine/state_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct run_state *run_state_new(void)
{
    struct run_state *state = xcalloc(1, sizeof *state);
    state->current = -1;
    state->facts = cJSON_CreateObject();
    state->handed_on = cJSON_CreateObject();
    state->variables = cJSON_CreateObject();
    state->decisions = cJSON_CreateArray();
    return state;
}

static void free_texts(char *texts[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(texts[i]);
}

static void free_phases(struct run_state *state)
{
    for (size_t i = 0; i < state->phase_count; i++) {
        free(state->phases[i].id);
        free(state->phases[i].title);
    }
    free(state->phases);
}

void run_state_free(struct run_state *state)
{
    if (!state)
        return;
    char *texts[] = {state->run,
                     state->environment,
                     state->name,
                     state->title,
                     state->stack,
                     state->operator_name,
                     state->runbook_path,
                     state->rollback_reason,
                     state->runbook_sha256,
                     state->confirming_tty,
                     state->point_of_no_return_step};
    free_texts(texts, sizeof texts / sizeof texts[0]);
    free_phases(state);
    for (size_t i = 0; i < state->step_count; i++)
        step_state_clear(&state->steps[i]);
    free(state->steps);
    text_list_free(&state->environments);
    gate_state_clear(&state->gate);
    turn_clear(state);
    hold_clear(state);
    release_clear(state);
    price_clear(state);
    rows_clear(state);
    live_clear(state);
    cJSON_Delete(state->facts);
    cJSON_Delete(state->handed_on);
    cJSON_Delete(state->variables);
    cJSON_Delete(state->decisions);
    free(state);
}

const char *event_text(const cJSON *event, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(event, name));
}

double event_number(const cJSON *event, const char *name, double fallback)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(event, name);
    return cJSON_IsNumber(item) ? item->valuedouble : fallback;
}

bool event_flag(const cJSON *event, const char *name)
{
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(event, name));
}

int64_t event_time(const cJSON *event)
{
    return (int64_t)event_number(event, "time", 0);
}

void replace_text(char **target, const char *source)
{
    char *copy = source ? xstrdup(source) : NULL;
    free(*target);
    *target = copy;
}

/* For what is on record but changes nothing in the state. */
static bool apply_nothing(struct run_state *state, const cJSON *event, struct error *error)
{
    (void)state, (void)event, (void)error;
    return true;
}

/* A journal of an older version doesn't say who it was. */
static void add_pause_decision(struct run_state *state, const cJSON *event)
{
    if (event_text(event, "operator"))
        cJSON_AddItemToArray(state->decisions, cJSON_Duplicate(event, true));
}

static bool apply_paused(struct run_state *state, const cJSON *event, struct error *error)
{
    (void)event, (void)error;
    state->pause_requested = false;
    turn_clear(state);
    state->status = RUN_PAUSED;
    return true;
}

static bool apply_pause_requested(struct run_state *state, const cJSON *event, struct error *error)
{
    (void)error;
    state->pause_requested = event_flag(event, "pause");
    add_pause_decision(state, event);
    return true;
}

static bool apply_resumed(struct run_state *state, const cJSON *event, struct error *error)
{
    (void)error;
    state->pause_requested = false;
    state->status = RUN_RUNNING;
    add_pause_decision(state, event);
    return true;
}

static bool apply_rollback_started(struct run_state *state, const cJSON *event, struct error *error)
{
    (void)error;
    close_gate(state);
    turn_clear(state);
    release_clear(state);
    state->save.wanted = event_flag(event, "save");
    for (size_t i = 0; i < state->step_count; i++)
        state->steps[i].back_again = state->steps[i].status == STEP_UNDO_FAILED;
    state->loss_accepted =
        event_number(event, "price_rows", 0) > 0 || cJSON_HasObjectItem(event, "price_unknown");
    replace_text(&state->rollback_reason, event_text(event, "reason"));
    state->status = RUN_ROLLING_BACK;
    state->again_ms = 0;
    state->pause_requested = false;
    cJSON_AddItemToArray(state->decisions, cJSON_Duplicate(event, true));
    return true;
}

static bool apply_decision(struct run_state *state, const cJSON *event, struct error *error)
{
    (void)error;
    cJSON_AddItemToArray(state->decisions, cJSON_Duplicate(event, true));
    return true;
}

/* What is being undone is undone anew, without what was written; should the engine die before that
 * begins, the next one knows. */
static bool apply_given_up(struct run_state *state, const cJSON *event, struct error *error)
{
    state->loss_accepted = true;
    return apply_decision(state, event, error);
}

static bool apply_run_finished(struct run_state *state, const cJSON *event, struct error *error)
{
    const char *status = event_text(event, "status");
    if (!text_equal(status, "complete") && !text_equal(status, "rolled back"))
        return error_set(error, ERROR_OTHER, "a run can't finish as \"%s\"", status ? status : "");
    state->status = text_equal(status, "complete") ? RUN_COMPLETE : RUN_ROLLED_BACK;
    state->finished_ms = event_time(event);
    state->current = -1;
    hold_clear(state);
    return true;
}

static const struct event_row {
    const char *type;
    bool (*apply)(struct run_state *state, const cJSON *event, struct error *error);
} event_rows[] = {
    {"run_created", apply_run_created},
    {"engine_started", apply_engine_started},
    {"settled", apply_nothing}, /* live: the events before it are all that belong together */
    {"step_started", apply_step_started},
    {"log", apply_log},
    {"progress", apply_progress},
    {"check", apply_check},
    {"fact", apply_fact},
    {"rows_begin", apply_rows_begin},
    {"rows_end", apply_rows_end},
    {"rows", apply_rows},
    {"step_finished", apply_step_finished},
    {"step_interrupted", apply_step_interrupted},
    {"step_skipped", apply_step_skipped},
    {"steps_reset", apply_steps_reset},
    {"hold_began", apply_hold_began},
    {"release_started", apply_release_started},
    {"release_finished", apply_release_finished},
    {"price_started", apply_price_started},
    {"price_finished", apply_price_finished},
    {"price_fence_started", apply_price_fence_started},
    {"price_fence_finished", apply_price_fence_finished},
    {"price_fence_released", apply_price_fence_released},
    {"save_started", apply_save_started},
    {"save_finished", apply_save_finished},
    {"gate_opened", apply_gate_opened},
    {"gate_answered", apply_gate_answered},
    {"turn_awaited", apply_turn_awaited},
    {"turn_came", apply_turn_came},
    {"turn_forced", apply_turn_forced},
    {"left_out", apply_left_out},
    {"pause_requested", apply_pause_requested},
    {"paused", apply_paused},
    {"resumed", apply_resumed},
    {"decision", apply_decision},
    {"rollback_started", apply_rollback_started},
    {"given_up", apply_given_up},
    {"undo_started", apply_undo_started},
    {"undo_finished", apply_undo_finished},
    {"rollback_failed", apply_rollback_failed},
    {"undo_repeated", apply_undo_repeated},
    {"run_finished", apply_run_finished},
    {"outage_began", apply_outage_began},
    {"outage_ended", apply_outage_ended},
    {"container", apply_container},
    {"service", apply_service},
    {"writes", apply_writes},
};

static const struct event_row *find_row(const char *type)
{
    for (size_t i = 0; type && i < sizeof event_rows / sizeof event_rows[0]; i++)
        if (!strcmp(event_rows[i].type, type))
            return &event_rows[i];
    return NULL;
}

bool run_state_apply(struct run_state *state, const cJSON *event, struct error *error)
{
    const char *type = event_text(event, "type");
    const struct event_row *row = find_row(type);
    if (!row)
        return error_set(error, ERROR_OTHER, "unknown event \"%s\"", type ? type : "");
    if (!state->run && row->apply != apply_run_created)
        return error_set(error, ERROR_OTHER, "event \"%s\" before run_created", type);
    if (!row->apply(state, event, error))
        return error_wrap(error, "event \"%s\"", type);
    long sequence = (long)event_number(event, "seq", 0);
    if (sequence) {
        state->sequence = sequence;
        state->event_ms = event_time(event);
    }
    return true;
}

long run_state_step(const struct run_state *state, const char *path)
{
    for (size_t i = 0; path && i < state->step_count; i++)
        if (!strcmp(state->steps[i].path, path) || !strcmp(state->steps[i].id, path))
            return (long)i;
    return -1;
}

bool run_state_finished(const struct run_state *state)
{
    return state->status == RUN_COMPLETE || state->status == RUN_ROLLED_BACK ||
           state->status == RUN_LEFT_OUT;
}

const char *run_status_name(enum run_status status)
{
    static const char *const names[] = {
        [RUN_RUNNING] = "running",
        [RUN_AT_GATE] = "at gate",
        [RUN_DECLINED] = "declined",
        [RUN_STEP_FAILED] = "step failed",
        [RUN_PAUSED] = "paused",
        [RUN_RELEASING] = "letting go",
        [RUN_ROLLING_BACK] = "rolling back",
        [RUN_ROLLBACK_FAILED] = "rollback failed",
        [RUN_COMPLETE] = "complete",
        [RUN_ROLLED_BACK] = "rolled back",
        [RUN_WAITING] = "waiting",
        [RUN_LEFT_OUT] = "left out",
    };
    return names[status];
}

const char *step_status_name(enum step_status status)
{
    static const char *const names[] = {
        [STEP_PENDING] = "pending",
        [STEP_AT_GATE] = "at gate",
        [STEP_DECLINED] = "declined",
        [STEP_RUNNING] = "running",
        [STEP_DONE] = "done",
        [STEP_FAILED] = "failed",
        [STEP_INTERRUPTED] = "interrupted",
        [STEP_SKIPPED] = "skipped",
        [STEP_UNDOING] = "undoing",
        [STEP_UNDONE] = "undone",
        [STEP_UNDO_FAILED] = "undo failed",
    };
    return names[status];
}

const char *verdict_name(int verdict)
{
    static const char *const names[] = {"pass", "warn", "FAIL"};
    return verdict >= 0 && verdict <= 2 ? names[verdict] : "?";
}
