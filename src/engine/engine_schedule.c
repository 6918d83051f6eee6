/* engine_schedule.c: what comes next: the next step, its gate, its retry, or the next undo. */
#include "engine/engine_parts.h"

#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_MS 2000 /* times the attempt */
#define UNDO_LIMIT_MS (10L * 60 * 1000)

/* What a worker may say, and what becomes of it. */
static const struct message_row {
    const char *type;
    bool live;
    const char *redacted[2]; /* fields that can hold a text from outside */
} message_rows[] = {
    {"log", false, {"text", NULL}},       {"progress", true, {"label", NULL}},
    {"check", false, {"name", "detail"}}, {"fact", false, {NULL, NULL}},
    {"rows_begin", false, {NULL, NULL}},  {"rows_end", false, {NULL, NULL}},
    {"rows", false, {NULL, NULL}},
};

static void redact_field(const struct engine *engine, cJSON *event, const char *field)
{
    const char *text =
        field ? cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(event, field)) : NULL;
    if (!text)
        return;
    char *clean = engine_redact(engine, text);
    cJSON_ReplaceItemInObjectCaseSensitive(event, field, cJSON_CreateString(clean));
    free(clean);
}

/* The same for every text of a fact's value. */
static void redact_tree(const struct engine *engine, cJSON *value)
{
    cJSON *item;
    if (cJSON_IsString(value)) {
        char *clean = engine_redact(engine, value->valuestring);
        cJSON_SetValuestring(value, clean);
        free(clean);
    }
    cJSON_ArrayForEach(item, value) redact_tree(engine, item);
}

void engine_take_report(struct engine *engine, const char *step, const cJSON *message)
{
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(message, "type"));
    for (size_t i = 0; i < sizeof message_rows / sizeof message_rows[0]; i++) {
        const struct message_row *row = &message_rows[i];
        if (strcmp(row->type, type) != 0)
            continue;
        cJSON *event = cJSON_Duplicate(message, true);
        cJSON_DeleteItemFromObjectCaseSensitive(event, "step");
        cJSON_AddStringToObject(event, "step", step);
        redact_field(engine, event, row->redacted[0]);
        redact_field(engine, event, row->redacted[1]);
        redact_tree(engine, cJSON_GetObjectItemCaseSensitive(event, "value"));
        if (row->live)
            engine_emit_live(engine, event, "progress");
        else
            engine_emit(engine, event);
    }
}

static void take_message(void *context, const cJSON *message)
{
    const struct run_state *state = ((struct engine *)context)->state;
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(message, "type"));
    if (state->current < 0)
        return;
    if (text_equal(type, "target"))
        target_keep(context, message);
    else if (text_equal(type, "facts"))
        engine_keep_facts(context, state->steps[state->current].path, message);
    else
        engine_take_report(context, state->steps[state->current].path, message);
}

static void after_worker(struct engine *engine);

/* A worker that can't even be started has failed. */
static void start_worker(struct engine *engine, struct step_job *job, long limit_ms)
{
    struct error error = ERROR_INIT;
    cJSON_DeleteItemFromObjectCaseSensitive(engine->live, "progress");
    watchers_steer(engine);
    if (!engine_sync(engine))
        return;
    if (!worker_start(&engine->worker, engine->directory, engine_run_step, job, &error)) {
        engine->worker.message = xstrdup(error.message);
        after_worker(engine);
    } else if (limit_ms) {
        engine->worker.deadline_ms = clock_monotonic_ms() + limit_ms;
    }
}

static long limit_at_least(const struct step *step)
{
    return step->timeout_ms > UNDO_LIMIT_MS ? step->timeout_ms : UNDO_LIMIT_MS;
}

/* What brings back every row that was written since takes as long as there are rows; who doesn't
 * want to wait gives them up, and there is nothing to wait for then. */
long engine_undo_limit(const struct engine *engine, const struct step *step)
{
    bool unlimited = step->lossless && !step->timeout_ms && !engine->state->loss_accepted;
    return unlimited ? 0 : limit_at_least(step);
}

static void start_step(struct engine *engine, const struct step *step,
                       const struct step_state *seen)
{
    struct step_job job = {.engine = engine,
                           .step = step,
                           .invocations = &step->invocation,
                           .count = 1,
                           .claims = true};
    cJSON *event = engine_step_event("step_started", step->path);
    cJSON_AddNumberToObject(event, "attempt", seen->attempt + 1);
    hold_begin(engine, step);
    engine_emit(engine, event);
    start_worker(engine, &job, step->timeout_ms);
}

/* A step that fails before it could run at all. */
static void fail_step(struct engine *engine, const struct step *step, const struct error *error)
{
    cJSON *event = engine_step_event("step_finished", step->path);
    cJSON_AddFalseToObject(event, "ok");
    cJSON_AddStringToObject(event, "message", error->message);
    cJSON_AddStringToObject(event, "remedy", error->remedy);
    engine_emit(engine, event);
}

static void skip_step(struct engine *engine, const struct step *step)
{
    cJSON *event = engine_step_event("step_skipped", step->path);
    bool compares = strstr(step->when, "==") || strstr(step->when, "!=");
    char *message =
        xprintf(compares ? "left out, as this doesn't hold: %s" : "left out, as %s is empty or no",
                step->when);
    cJSON_AddStringToObject(event, "message", message);
    free(message);
    engine_emit(engine, event);
}

static const struct step_state *first_pending(const struct run_state *state)
{
    for (size_t i = 0; i < state->step_count; i++)
        if (state->steps[i].status == STEP_PENDING)
            return &state->steps[i];
    return NULL;
}

static void finish_run(struct engine *engine, const char *status)
{
    cJSON *event = engine_event("run_finished");
    cJSON_AddStringToObject(event, "status", status);
    engine_emit(engine, event);
}

/* One move forward; the caller calls again until something runs or waits. */
static void next_step(struct engine *engine)
{
    const struct step_state *seen = first_pending(engine->state);
    if (!seen) {
        finish_run(engine, "complete");
        return;
    }
    if (engine->state->pause_requested) {
        engine_emit(engine, engine_event("paused"));
        return;
    }
    if (!turn_take(engine, seen->phase))
        return;
    const struct step *step = engine_step(engine, seen->path);
    struct error error = ERROR_INIT;
    bool wanted = true;
    if (step->when && !seen->asked &&
        !runbook_condition(engine->runbook, step->when, engine->state->facts, &wanted, &error))
        fail_step(engine, step, &error);
    else if (!wanted)
        skip_step(engine, step);
    else if (!step->gate || seen->confirmed)
        start_step(engine, step, seen);
    else if (!gate_open(engine, step, &error))
        fail_step(engine, step, &error);
}

/* The newest step that has something to undo, back to `first`; NULL when there is none left. */
static const struct step *next_to_undo(const struct engine *engine, long first)
{
    for (long i = (long)engine->state->step_count; i-- > first;)
        if (run_state_to_undo(engine->state, i))
            return engine_step(engine, engine->state->steps[i].path);
    return NULL;
}

static void undo_step(struct engine *engine, const struct step *step)
{
    struct step_job job = {.engine = engine,
                           .step = step,
                           .invocations = step->undo,
                           .count = step->undo_count,
                           .undoing = true};
    engine_emit(engine, engine_step_event("undo_started", step->path));
    start_worker(engine, &job, engine_undo_limit(engine, step));
}

static void next_undo(struct engine *engine)
{
    const struct step *save = price_save(engine);
    const struct step *step = save ? NULL : next_to_undo(engine, 0);
    struct step_job job = {.engine = engine, .step = save, .count = 1};
    if (save) {
        job.invocations = save->save;
        start_worker(engine, &job, limit_at_least(save));
    } else if (step) {
        undo_step(engine, step);
    } else {
        finish_run(engine, "rolled back");
    }
}

/* What was held, and what was begun since. */
static void next_release(struct engine *engine)
{
    const struct run_state *state = engine->state;
    const struct step *step = next_to_undo(engine, run_state_step(state, state->hold.step));
    if (step)
        undo_step(engine, step);
    else
        hold_finish(engine);
}

static bool goes_back(enum run_status status)
{
    return status == RUN_ROLLING_BACK || status == RUN_RELEASING;
}

/* An undo has failed: no older one is carried out, as it may rely on it, but for the one that lets
 * go. */
static void next_after_failure(struct engine *engine)
{
    const struct step *holding = repeat_holding_step(engine);
    if (holding)
        undo_step(engine, holding);
}

static bool turn_is_due(const struct engine *engine)
{
    return engine->state->status == RUN_WAITING &&
           (engine->state->pause_requested || clock_monotonic_ms() >= engine->turn_ms);
}

/* What was started for a decision doesn't begin what that may forbid. While something is held there
 * is no time to wait. */
static bool decision_awaited(const struct engine *engine)
{
    return engine->decision_ms && !run_state_holds(engine->state);
}

/* One move on, or back; false when the run stands. */
static bool move(struct engine *engine, bool retry_is_due)
{
    enum run_status status = engine->state->status;
    if (status == RUN_RUNNING || turn_is_due(engine)) {
        if (decision_awaited(engine))
            return false;
        next_step(engine);
    } else if (goes_back(status) && engine->failed_undo) {
        next_after_failure(engine);
    } else if (status == RUN_ROLLING_BACK) {
        next_undo(engine);
    } else if (status == RUN_RELEASING) {
        next_release(engine);
    } else if (status == RUN_ROLLBACK_FAILED && retry_is_due) {
        repeat_now(engine);
    } else {
        return false;
    }
    return true;
}

void engine_schedule(struct engine *engine)
{
    for (int moves = 0; moves < 10000 && !engine->broken && !engine->worker.process; moves++) {
        hold_check_stop(engine);
        if (fence_settle(engine))
            return;
        if (engine->retry_ms && clock_monotonic_ms() < engine->retry_ms)
            return;
        bool due = engine->retry_ms != 0;
        engine->retry_ms = 0;
        if (!move(engine, due))
            return;
    }
}

cJSON *engine_rollback_event(const char *reason, const char *operator_name, const char *tty)
{
    cJSON *event = engine_event("rollback_started");
    cJSON_AddStringToObject(event, "reason", reason);
    cJSON_AddStringToObject(event, "operator", operator_name);
    cJSON_AddStringToObject(event, "tty", tty);
    return event;
}

void engine_start_rollback(struct engine *engine, cJSON *event)
{
    const struct run_state *state = engine->state;
    bool undoing = state->current >= 0 && state->steps[state->current].status == STEP_UNDOING;
    engine_emit(engine, event);
    repeat_forget(engine);
    price_forget_asked(engine);
    if (!engine_sync(engine))
        return;
    if (!undoing) /* an undo of letting go is one of the rollback's own */
        worker_end(&engine->worker, "it was ended because the run is rolled back");
    worker_end(&engine->counter, "it was ended because the run is rolled back");
}

void engine_give_up_undo(struct engine *engine, cJSON *event)
{
    cJSON *decided = cJSON_Duplicate(event, true);
    cJSON_ReplaceItemInObjectCaseSensitive(decided, "type", cJSON_CreateString("given_up"));
    cJSON_Delete(engine->given_up);
    engine->given_up = event;
    engine_emit(engine, decided);
    if (!engine_sync(engine))
        return;
    worker_end(&engine->worker, "it was ended, as what was written since is given up");
}

/* Whether a failed step is to be tried again by itself. */
static bool retries_left(const struct step *step, const struct step_state *seen)
{
    int retries = step->on_failure == FAILURE_RETRY && step->retries == 0 ? 3 : step->retries;
    return seen->attempt <= retries;
}

static void after_failure(struct engine *engine, const struct step *step,
                          const struct step_state *seen)
{
    if (retries_left(step, seen)) {
        cJSON *event = engine_event("steps_reset");
        const char *path = step->path;
        cJSON_AddItemToObject(event, "steps", cJSON_CreateStringArray(&path, 1));
        cJSON_AddTrueToObject(event, "keep_confirmation");
        engine->retry_ms = clock_monotonic_ms() + (int64_t)RETRY_MS * seen->attempt;
        engine_emit(engine, event);
    } else if (step->on_failure == FAILURE_UNDO && !engine->state->point_of_no_return_passed) {
        char *reason = xprintf("step %s failed", step->path);
        price_ask(engine, reason, "the runbook", "none", true);
        free(reason);
    }
}

cJSON *engine_outcome_event(struct engine *engine, const struct worker *worker, const char *type,
                            const char *step)
{
    cJSON *event = engine_step_event(type, step);
    cJSON_AddBoolToObject(event, "ok", worker->ok);
    if (worker->message)
        cJSON_AddStringToObject(event, "message", worker->message);
    if (worker->remedy)
        cJSON_AddStringToObject(event, "remedy", worker->remedy);
    redact_field(engine, event, "message");
    redact_field(engine, event, "remedy");
    return event;
}

static void step_ended(struct engine *engine, const struct step_state *seen)
{
    const struct step *step = engine_step(engine, seen->path);
    bool taken_back = goes_back(engine->state->status);
    engine_emit(engine, engine_outcome_event(engine, &engine->worker,
                                             taken_back ? "step_interrupted" : "step_finished",
                                             step->path));
    if (!taken_back && !engine->worker.ok)
        after_failure(engine, step, seen);
}

static void after_undo(struct engine *engine, const char *path)
{
    cJSON *given_up = engine->given_up;
    engine->given_up = NULL;
    if (!engine->worker.ok && given_up) {
        engine_start_rollback(engine, given_up);
        return;
    }
    cJSON_Delete(given_up);
    if (!engine->worker.ok)
        repeat_after_failure(engine, path);
}

/* What has ended is told by the state: a saving, an undo, or a step. */
static void after_worker(struct engine *engine)
{
    const struct step_state *seen = &engine->state->steps[engine->state->current];
    bool saving = engine->state->save.running, undoing = seen->status == STEP_UNDOING;
    if (saving || undoing) {
        engine_emit(engine,
                    engine_outcome_event(engine, &engine->worker,
                                         saving ? "save_finished" : "undo_finished", seen->path));
        after_undo(engine, seen->path);
    } else {
        step_ended(engine, seen);
    }
    worker_clear(&engine->worker);
    watchers_steer(engine);
}

void engine_worker_ready(struct engine *engine)
{
    if (!worker_read(&engine->worker, take_message, engine)) {
        worker_reap(&engine->worker);
        after_worker(engine);
    }
}
