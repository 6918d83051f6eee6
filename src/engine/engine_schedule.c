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

static void take_message(void *context, const cJSON *message)
{
    struct engine *engine = context;
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(message, "type"));
    if (engine->state->current < 0)
        return;
    const char *step = engine->state->steps[engine->state->current].path;
    for (size_t i = 0; i < sizeof message_rows / sizeof message_rows[0]; i++) {
        const struct message_row *row = &message_rows[i];
        if (strcmp(row->type, type) != 0)
            continue;
        cJSON *event = cJSON_Duplicate(message, true);
        cJSON_DeleteItemFromObjectCaseSensitive(event, "step");
        cJSON_AddStringToObject(event, "step", step);
        redact_field(engine, event, row->redacted[0]);
        redact_field(engine, event, row->redacted[1]);
        if (row->live)
            engine_emit_live(engine, event, "progress");
        else
            engine_emit(engine, event);
    }
}

static void start_worker(struct engine *engine, const struct step *step, bool undo)
{
    struct step_job job = {.engine = engine, .step = step, .undo = undo};
    struct error error = ERROR_INIT;
    cJSON_DeleteItemFromObjectCaseSensitive(engine->live, "progress");
    watchers_steer(engine);
    if (!engine_sync(engine))
        return;
    if (!worker_start(&engine->worker, engine->directory, engine_run_step, &job, &error)) {
        cJSON *event = engine_step_event(undo ? "undo_finished" : "step_finished", step->path);
        cJSON_AddFalseToObject(event, "ok");
        cJSON_AddStringToObject(event, "message", error.message);
        engine_emit(engine, event);
        if (undo)
            engine_emit(engine, engine_event("rollback_failed"));
        return;
    }
    long limit = undo ? (step->timeout_ms > UNDO_LIMIT_MS ? step->timeout_ms : UNDO_LIMIT_MS)
                      : step->timeout_ms;
    if (limit)
        engine->worker.deadline_ms = clock_monotonic_ms() + limit;
}

static void start_step(struct engine *engine, const struct step *step,
                       const struct step_state *seen)
{
    cJSON *event = engine_step_event("step_started", step->path);
    cJSON_AddNumberToObject(event, "attempt", seen->attempt + 1);
    engine_emit(engine, event);
    start_worker(engine, step, false);
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
    char *message = xprintf("its condition doesn't hold: %s", step->when);
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
    const struct step *step = engine_step(engine, seen->path);
    struct error error = ERROR_INIT;
    bool wanted = true;
    if (step->when &&
        !runbook_condition(engine->runbook, step->when, engine->state->facts, &wanted, &error))
        fail_step(engine, step, &error);
    else if (!wanted)
        skip_step(engine, step);
    else if (!step->gate || seen->confirmed)
        start_step(engine, step, seen);
    else if (!gate_open(engine, step, &error))
        fail_step(engine, step, &error);
}

static void next_undo(struct engine *engine)
{
    for (size_t i = engine->state->step_count; i-- > 0;) {
        const struct step_state *seen = &engine->state->steps[i];
        if (!seen->started || !seen->has_undo || seen->status == STEP_UNDONE)
            continue;
        const struct step *step = engine_step(engine, seen->path);
        engine_emit(engine, engine_step_event("undo_started", step->path));
        start_worker(engine, step, true);
        return;
    }
    finish_run(engine, "rolled back");
}

void engine_schedule(struct engine *engine)
{
    for (int moves = 0; moves < 10000 && !engine->broken && !engine->worker.process; moves++) {
        if (engine->retry_ms && clock_monotonic_ms() < engine->retry_ms)
            return;
        engine->retry_ms = 0;
        if (engine->state->status == RUN_RUNNING)
            next_step(engine);
        else if (engine->state->status == RUN_ROLLING_BACK)
            next_undo(engine);
        else
            return;
    }
}

void engine_start_rollback(struct engine *engine, const char *reason, const char *operator_name,
                           const char *tty)
{
    cJSON *event = engine_event("rollback_started");
    cJSON_AddStringToObject(event, "reason", reason);
    cJSON_AddStringToObject(event, "operator", operator_name);
    cJSON_AddStringToObject(event, "tty", tty);
    engine_emit(engine, event);
    engine->retry_ms = 0;
    if (engine_sync(engine))
        worker_end(&engine->worker, "it was ended because the run is rolled back");
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
        engine_start_rollback(engine, reason, "the runbook", "none");
        free(reason);
    }
}

static cJSON *outcome_event(struct engine *engine, const char *type, const char *path)
{
    cJSON *event = engine_step_event(type, path);
    cJSON_AddBoolToObject(event, "ok", engine->worker.ok);
    if (engine->worker.message)
        cJSON_AddStringToObject(event, "message", engine->worker.message);
    if (engine->worker.remedy)
        cJSON_AddStringToObject(event, "remedy", engine->worker.remedy);
    redact_field(engine, event, "message");
    redact_field(engine, event, "remedy");
    return event;
}

static void worker_ended(struct engine *engine)
{
    worker_reap(&engine->worker);
    const struct step_state *seen = &engine->state->steps[engine->state->current];
    const struct step *step = engine_step(engine, seen->path);
    bool ok = engine->worker.ok;
    if (seen->status == STEP_UNDOING) {
        engine_emit(engine, outcome_event(engine, "undo_finished", step->path));
        if (!ok)
            engine_emit(engine, engine_event("rollback_failed"));
    } else if (engine->state->status == RUN_ROLLING_BACK) {
        engine_emit(engine, outcome_event(engine, "step_interrupted", step->path));
    } else {
        engine_emit(engine, outcome_event(engine, "step_finished", step->path));
        if (!ok)
            after_failure(engine, step, seen);
    }
    worker_clear(&engine->worker);
    watchers_steer(engine);
}

void engine_worker_ready(struct engine *engine)
{
    if (!worker_read(&engine->worker, take_message, engine))
        worker_ended(engine);
}

/* What only reads is simply done again: a wait of a day goes on by itself after a reboot. */
static void go_on_reading(struct engine *engine, const char *path)
{
    const struct step *step = engine_step(engine, path);
    if (engine->state->status != RUN_STEP_FAILED || !step || step->danger != DANGER_READ)
        return;
    cJSON *event = engine_event("steps_reset");
    cJSON_AddItemToObject(event, "steps", cJSON_CreateStringArray(&path, 1));
    cJSON_AddTrueToObject(event, "keep_confirmation");
    engine_emit(engine, event);
}

void engine_mark_interrupted(struct engine *engine)
{
    for (size_t i = 0; i < engine->state->step_count; i++) {
        const struct step_state *seen = &engine->state->steps[i];
        if (seen->status != STEP_RUNNING && seen->status != STEP_UNDOING)
            continue;
        cJSON *event = engine_step_event("step_interrupted", seen->path);
        cJSON_AddStringToObject(event, "message", "the engine ended while this step ran");
        cJSON_AddStringToObject(event, "remedy", "retry it, which is safe, or roll back");
        engine_emit(engine, event);
        go_on_reading(engine, seen->path);
    }
}
