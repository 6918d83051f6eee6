/* state_steps.c: the reducer's part for the run's plan and its steps. */
#include "engine/state_parts.h"

#include <stdlib.h>
#include <string.h>

static void clear_checks(struct step_state *step)
{
    for (size_t i = 0; i < step->check_count; i++) {
        free(step->checks[i].name);
        free(step->checks[i].detail);
    }
    free(step->checks);
    step->checks = NULL;
    step->check_count = 0;
}

void step_state_clear(struct step_state *step)
{
    char *texts[] = {
        step->path,   step->id,      step->title,  step->why,           step->action,
        step->detail, step->message, step->remedy, step->progress_unit, step->progress_label};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        free(texts[i]);
    clear_checks(step);
    text_list_free(&step->log);
    *step = (struct step_state){0};
}

static char *copy_text(const cJSON *object, const char *name)
{
    const char *text = event_text(object, name);
    return text ? xstrdup(text) : NULL;
}

static void read_step(struct step_state *step, const cJSON *object, const char *phase, size_t index)
{
    step->id = xstrdup(event_text(object, "id") ? event_text(object, "id") : "?");
    step->path = xprintf("%s/%s", phase, step->id);
    step->title = xstrdup(event_text(object, "title") ? event_text(object, "title") : step->id);
    step->why = copy_text(object, "why");
    step->action = xstrdup(event_text(object, "action") ? event_text(object, "action") : "");
    step->detail = xstrdup(event_text(object, "detail") ? event_text(object, "detail") : "");
    step->phase = index;
    step->danger = (int)event_number(object, "danger", 0);
    step->database = (int)event_number(object, "database", 0);
    step->has_gate = event_flag(object, "gate");
    step->has_undo = event_flag(object, "undo");
    step->has_hold = event_flag(object, "hold");
    step->has_price = event_flag(object, "price");
    step->lossless = event_flag(object, "lossless");
    step->has_save = event_flag(object, "save");
    step->has_fence = event_flag(object, "fence");
    step->point_of_no_return = event_flag(object, "point_of_no_return");
    step->planned_ms = (long)event_number(object, "planned_ms", -1);
}

static void read_phase(struct run_state *state, const cJSON *object)
{
    struct phase_state *phase = &state->phases[state->phase_count];
    *phase = (struct phase_state){0};
    phase->id = xstrdup(event_text(object, "id") ? event_text(object, "id") : "?");
    phase->title = xstrdup(event_text(object, "title") ? event_text(object, "title") : phase->id);
    const cJSON *steps = cJSON_GetObjectItemCaseSensitive(object, "steps"), *step;
    size_t count = (size_t)cJSON_GetArraySize(steps);
    state->steps = xrealloc(state->steps, (state->step_count + count) * sizeof *state->steps);
    cJSON_ArrayForEach(step, steps)
    {
        state->steps[state->step_count] = (struct step_state){0};
        read_step(&state->steps[state->step_count++], step, phase->id, state->phase_count);
    }
    state->phase_count++;
}

static void read_heading(struct run_state *state, const cJSON *event)
{
    replace_text(&state->name, event_text(event, "name"));
    replace_text(&state->title, event_text(event, "title"));
    replace_text(&state->stack, event_text(event, "stack"));
    replace_text(&state->operator_name, event_text(event, "operator"));
    replace_text(&state->runbook_path, event_text(event, "path"));
    replace_text(&state->runbook_sha256, event_text(event, "sha256"));
    replace_text(&state->environment, event_text(event, "environment"));
    const cJSON *names = cJSON_GetObjectItemCaseSensitive(event, "environments"), *name;
    cJSON_ArrayForEach(name, names) if (cJSON_IsString(name))
        text_list_add(&state->environments, name->valuestring);
    const cJSON *variables = cJSON_GetObjectItemCaseSensitive(event, "variables");
    if (!variables)
        return;
    cJSON_Delete(state->variables);
    state->variables = cJSON_Duplicate(variables, true);
}

bool apply_run_created(struct run_state *state, const cJSON *event, struct error *error)
{
    const cJSON *phases = cJSON_GetObjectItemCaseSensitive(event, "phases"), *phase;
    if (state->run)
        return error_set(error, ERROR_OTHER, "a second one");
    if (!event_text(event, "run") || !cJSON_IsArray(phases))
        return error_set(error, ERROR_OTHER, "no run or no phases in it");
    replace_text(&state->run, event_text(event, "run"));
    read_heading(state, event);
    state->phases = xcalloc((size_t)cJSON_GetArraySize(phases), sizeof *state->phases);
    cJSON_ArrayForEach(phase, phases) read_phase(state, phase);
    state->created_ms = event_time(event);
    state->unwatched = cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(event, "watched"));
    state->status = RUN_RUNNING;
    return true;
}

struct step_state *named_step(struct run_state *state, const cJSON *event, struct error *error)
{
    const char *path = event_text(event, "step");
    long index = run_state_step(state, path);
    if (index >= 0)
        return &state->steps[index];
    error_set(error, ERROR_OTHER, "no step \"%s\"", path ? path : "");
    return NULL;
}

static void forget_progress(struct step_state *step)
{
    step->progress_done = step->progress_total = 0;
    step->progress_since_ms = 0;
    replace_text(&step->progress_unit, NULL);
    replace_text(&step->progress_label, NULL);
}

void step_state_renew(struct step_state *step)
{
    step->status = STEP_PENDING;
    step->started = step->confirmed = step->asked = false;
    step->again = step->retried = step->skipped_after_failure = step->back_again = false;
    step->attempt = 0;
    step->started_ms = step->finished_ms = 0;
    replace_text(&step->message, NULL);
    replace_text(&step->remedy, NULL);
    clear_checks(step);
    forget_progress(step);
}

bool apply_step_started(struct run_state *state, const cJSON *event, struct error *error)
{
    struct step_state *step = named_step(state, event, error);
    if (!step)
        return false;
    step->status = STEP_RUNNING;
    step->started = true;
    step->asked = false;
    step->attempt = (int)event_number(event, "attempt", step->attempt + 1);
    step->started_ms = event_time(event);
    step->finished_ms = 0;
    replace_text(&step->message, NULL);
    replace_text(&step->remedy, NULL);
    clear_checks(step);
    forget_progress(step);
    if (step->point_of_no_return) {
        state->point_of_no_return_passed = true;
        replace_text(&state->point_of_no_return_step, step->path);
    }
    state->current = step - state->steps;
    state->status = RUN_RUNNING;
    return true;
}

bool apply_log(struct run_state *state, const cJSON *event, struct error *error)
{
    struct step_state *step = named_step(state, event, error);
    const char *text = event_text(event, "text");
    if (!step || !text)
        return step ? error_set(error, ERROR_OTHER, "no text in it") : false;
    if (step->log.count == STEP_LOG_MAX) {
        free(step->log.items[0]);
        memmove(step->log.items, step->log.items + 1, (STEP_LOG_MAX - 1) * sizeof(char *));
        step->log.count--;
        step->log_dropped++;
    }
    text_list_add(&step->log, text);
    return true;
}

bool apply_progress(struct run_state *state, const cJSON *event, struct error *error)
{
    struct step_state *step = named_step(state, event, error);
    if (!step)
        return false;
    const char *label = event_text(event, "label"), *unit = event_text(event, "unit");
    double done = event_number(event, "done", 0);
    /* Another label is another part of the same work: rate and estimate are of all of it. */
    bool other = !text_equal(unit, step->progress_unit);
    if (!step->progress_since_ms || other || done < step->progress_done)
        step->progress_since_ms = event_time(event);
    step->progress_done = done;
    step->progress_total = event_number(event, "total", 0);
    replace_text(&step->progress_unit, unit);
    replace_text(&step->progress_label, label);
    return true;
}

bool apply_check(struct run_state *state, const cJSON *event, struct error *error)
{
    struct step_state *step = named_step(state, event, error);
    const char *name = event_text(event, "name"), *detail = event_text(event, "detail");
    if (!step || !name)
        return step ? error_set(error, ERROR_OTHER, "no name in it") : false;
    size_t index = step->check_count++;
    step->checks = xrealloc(step->checks, step->check_count * sizeof *step->checks);
    step->checks[index] = (struct check_state){.name = xstrdup(name),
                                               .verdict = (int)event_number(event, "verdict", 2),
                                               .detail = xstrdup(detail ? detail : "")};
    return true;
}

bool apply_fact(struct run_state *state, const cJSON *event, struct error *error)
{
    const char *key = event_text(event, "key");
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(event, "value");
    if (!key || !value)
        return error_set(error, ERROR_OTHER, "no key or no value in it");
    cJSON_DeleteItemFromObjectCaseSensitive(state->handed_on, key);
    cJSON_DeleteItemFromObjectCaseSensitive(state->facts, key);
    cJSON_AddItemToObject(state->facts, key, cJSON_Duplicate(value, true));
    hold_fact(state, key, value);
    price_fact(state, key, event);
    outage_fact(state, event, value);
    return true;
}

bool run_state_to_undo(const struct run_state *state, long index)
{
    const struct step_state *step = &state->steps[index];
    return step->started && step->has_undo && step->status != STEP_UNDONE;
}

static void finish_step(struct step_state *step, const cJSON *event, enum step_status status)
{
    step->status = status;
    step->finished_ms = event_time(event);
    replace_text(&step->message, event_text(event, "message"));
    replace_text(&step->remedy, event_text(event, "remedy"));
}

bool apply_step_finished(struct run_state *state, const cJSON *event, struct error *error)
{
    struct step_state *step = named_step(state, event, error);
    if (!step)
        return false;
    bool ok = event_flag(event, "ok");
    state->current = step - state->steps; /* it may have failed before it could be started */
    finish_step(step, event, ok ? STEP_DONE : STEP_FAILED);
    if (ok)
        rows_step_done(state, step->path, event_time(event));
    state->status = ok ? RUN_RUNNING : RUN_STEP_FAILED;
    return true;
}

/* While rolling back, the rollback goes on: what was interrupted is undone like the rest. */
bool apply_step_interrupted(struct run_state *state, const cJSON *event, struct error *error)
{
    struct step_state *step = named_step(state, event, error);
    if (!step)
        return false;
    finish_step(step, event, STEP_INTERRUPTED);
    if (state->status != RUN_ROLLING_BACK && state->status != RUN_RELEASING)
        state->status = RUN_STEP_FAILED;
    return true;
}

bool apply_step_skipped(struct run_state *state, const cJSON *event, struct error *error)
{
    struct step_state *step = named_step(state, event, error);
    if (!step)
        return false;
    step->skipped_after_failure = step->status == STEP_FAILED || step->status == STEP_INTERRUPTED;
    step->status = STEP_SKIPPED;
    step->finished_ms = event_time(event);
    replace_text(&step->message, event_text(event, "message"));
    state->status = RUN_RUNNING;
    return true;
}

/* Steps that are to run again: a retried one, or evidence that is gathered anew for a gate. A gate
 * opens again, unless the engine itself retries. */
bool apply_steps_reset(struct run_state *state, const cJSON *event, struct error *error)
{
    const cJSON *names = cJSON_GetObjectItemCaseSensitive(event, "steps"), *name;
    const char *asked = event_text(event, "asked");
    cJSON_ArrayForEach(name, names)
    {
        long index = run_state_step(state, cJSON_GetStringValue(name));
        if (index < 0)
            return error_set(error, ERROR_OTHER, "no such step");
        state->steps[index].status = STEP_PENDING;
        state->steps[index].confirmed = event_flag(event, "keep_confirmation");
        state->steps[index].retried = !event_flag(event, "keep_confirmation");
        state->steps[index].asked = text_equal(state->steps[index].path, asked);
        state->steps[index].again = state->steps[index].asked;
    }
    gate_state_clear(&state->gate);
    state->status = RUN_RUNNING;
    return true;
}

bool apply_undo_started(struct run_state *state, const cJSON *event, struct error *error)
{
    struct step_state *step = named_step(state, event, error);
    if (!step)
        return false;
    /* An attempt that was cut off is repeated by the engine, not by the operator. */
    step->back_again = step->back_again && step->status == STEP_UNDO_FAILED;
    step->status = STEP_UNDOING;
    replace_text(&step->message, NULL);
    replace_text(&step->remedy, NULL);
    forget_progress(step);
    state->current = step - state->steps;
    if (state->status != RUN_RELEASING)
        state->status = RUN_ROLLING_BACK;
    return true;
}

/* The times stay those of the step itself. */
bool apply_undo_finished(struct run_state *state, const cJSON *event, struct error *error)
{
    struct step_state *step = named_step(state, event, error);
    if (!step)
        return false;
    step->status = event_flag(event, "ok") ? STEP_UNDONE : STEP_UNDO_FAILED;
    step->back_again = false;
    if (event_flag(event, "ok") && !state->release.step && text_equal(step->path, state->hold.step))
        hold_clear(state);
    replace_text(&step->message, event_text(event, "message"));
    replace_text(&step->remedy, event_text(event, "remedy"));
    return true;
}
