/* engine_price.c: what a rollback would lose: counting it beside whatever runs, judging the answer,
 * and saving it first. */
#include "engine/engine_parts.h"

#include "base/clock.h"

#include <stdlib.h>

#define COUNT_LIMIT_MS (10L * 60 * 1000)

static const char *field(const cJSON *command, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(command, name));
}

const struct step *price_step(const struct engine *engine)
{
    long index = run_state_price_step(engine->state);
    return index >= 0 ? engine_step(engine, engine->state->steps[index].path) : NULL;
}

void price_say_unknown(struct engine *engine, const char *step, const char *why)
{
    cJSON *event = engine_step_event("fact", step), *value = cJSON_CreateObject();
    cJSON_AddStringToObject(value, "unknown", why);
    cJSON_AddNumberToObject(value, "taken_ms", (double)clock_wall_ms());
    cJSON_AddStringToObject(event, "key", "price");
    cJSON_AddItemToObject(event, "value", value);
    engine_emit(engine, event);
}

static void count_ended(struct engine *engine, const char *step)
{
    const struct worker *counter = &engine->counter;
    cJSON *finished = engine_outcome_event(engine, counter, "price_finished", step);
    if (!counter->ok)
        price_say_unknown(engine, step,
                          field(finished, "message") ? field(finished, "message") : "?");
    else if (!engine->state->price.known)
        price_say_unknown(engine, step, "the count has recorded no price");
    engine_emit(engine, finished);
}

void price_start(struct engine *engine)
{
    const struct step *step = price_step(engine);
    if (!step || engine->counter.process)
        return;
    struct step_job job = {.engine = engine, .step = step, .invocations = step->price, .count = 1};
    struct error error = ERROR_INIT;
    engine_emit(engine, engine_step_event("price_started", step->path));
    if (!engine_sync(engine))
        return;
    if (worker_start(&engine->counter, engine->directory, engine_run_step, &job, &error)) {
        engine->counter.deadline_ms = clock_monotonic_ms() + COUNT_LIMIT_MS;
    } else {
        engine->counter.message = xstrdup(error.message);
        counter_ended(engine);
    }
}

static const char *counted_step(const struct run_state *state)
{
    for (size_t i = 0; i < state->step_count; i++)
        if (state->steps[i].has_price)
            return state->steps[i].path;
    return NULL;
}

static void take_message(void *context, const cJSON *message)
{
    struct engine *engine = context;
    engine_take_report(engine, counted_step(engine->state), message);
}

void price_add(const struct engine *engine, cJSON *event)
{
    const struct price_state *price = &engine->state->price;
    if (price->unknown)
        cJSON_AddStringToObject(event, "price_unknown", price->unknown);
    else
        cJSON_AddNumberToObject(event, "price_rows", (double)price->rows);
}

/* What it did is told by the state: it counted, or put a fence up, or took it back. */
void counter_ended(struct engine *engine)
{
    if (engine->state->price.fencing)
        fence_ended(engine);
    else if (engine->state->price.counting)
        count_ended(engine, counted_step(engine->state));
    else if (engine->state->price.fenced)
        fence_release_ended(engine);
    worker_clear(&engine->counter);
}

void price_ready(struct engine *engine)
{
    if (worker_read(&engine->counter, take_message, engine))
        return;
    worker_reap(&engine->counter);
    counter_ended(engine);
    asked_go_on(engine);
}

/* The answer has to be about the newest count, and that count must not be old. */
static bool answers_newest(const struct engine *engine, const cJSON *command, struct error *error)
{
    const struct price_state *price = &engine->state->price;
    const cJSON *taken = cJSON_GetObjectItemCaseSensitive(command, "price_taken_ms");
    if (run_state_price_pending(engine->state))
        error_set(error, ERROR_OTHER, "what the rollback would lose is being counted again");
    else if (!price->known || (int64_t)cJSON_GetNumberValue(taken) != price->taken_ms)
        error_set(error, ERROR_OTHER,
                  "what the rollback would lose has been counted anew since: look at it first");
    else if (clock_wall_ms() - price->taken_ms > PRICE_MAX_AGE_MS)
        error_set(error, ERROR_OTHER, "what the rollback would lose was counted too long ago");
    else
        return true;
    return error_remedy(error, "ask for the rollback again, which counts anew; \"lose unknown\" "
                               "doesn't wait for a count that is under way");
}

/* An emergency waits for no count, and under constant writes no number stays true. */
static void give_up_uncounted(const struct engine *engine, cJSON *event)
{
    const char *unknown = engine->state->price.unknown;
    cJSON_AddStringToObject(event, "price_unknown", unknown ? unknown : "it wasn't waited for");
    cJSON_AddStringToObject(event, "phrase", PRICE_UNKNOWN_PHRASE);
}

bool price_accept(const struct engine *engine, const cJSON *command, cJSON *event,
                  struct error *error)
{
    char phrase[PRICE_PHRASE_MAX];
    const struct step *step = price_step(engine);
    bool save = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(command, "save"));
    const char *typed = field(command, "phrase");
    run_state_price_phrase(engine->state, phrase, sizeof phrase);
    if (!save && text_equal(typed, PRICE_UNKNOWN_PHRASE)) {
        give_up_uncounted(engine, event);
        return true;
    }
    if (!step)
        return true;
    if (!answers_newest(engine, command, error))
        return false;
    if (save && !step->save)
        return error_set(error, ERROR_OTHER, "the runbook has no way to save those rows");
    if (!save && !run_state_price_free(engine->state) && !text_equal(typed, phrase))
        return error_set(error, ERROR_OTHER,
                         "rolling back loses what the new server has taken; to do so, the answer "
                         "is \"%s\"",
                         phrase);
    price_add(engine, event);
    cJSON_AddBoolToObject(event, "save", save);
    if (!save && typed)
        cJSON_AddStringToObject(event, "phrase", typed);
    return true;
}

const struct step *price_save(struct engine *engine)
{
    const struct step *step = engine->state->save.wanted ? price_step(engine) : NULL;
    if (!step || !step->save)
        return NULL;
    struct text detail = {0};
    cJSON *event = engine_step_event("save_started", step->path);
    runbook_describe_arguments(engine->runbook, step->save, &detail);
    cJSON_AddStringToObject(event, "detail", text_string(&detail));
    text_free(&detail);
    engine_emit(engine, event);
    return step;
}
