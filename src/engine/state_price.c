/* state_price.c: the reducer's part for what a rollback costs: counted, given up, or saved. */
#include "engine/state_parts.h"

#include <stdio.h>
#include <stdlib.h>

void price_clear(struct run_state *state)
{
    free(state->price.unknown);
    free(state->save.what);
    state->price = (struct price_state){0};
    state->save = (struct save_state){0};
}

void price_interrupted(struct run_state *state)
{
    state->price.counting = false;
    state->price.fencing = false;
    state->save.running = false;
}

bool apply_price_started(struct run_state *state, const cJSON *event, struct error *error)
{
    if (!named_step(state, event, error))
        return false;
    replace_text(&state->price.unknown, NULL);
    state->price = (struct price_state){.counting = true, .fenced = state->price.fenced};
    return true;
}

void price_fact(struct run_state *state, const char *key, const cJSON *event)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(event, "value");
    const cJSON *rows = cJSON_GetObjectItemCaseSensitive(value, "rows");
    struct price_state *price = &state->price;
    if (state->save.running && text_equal(key, "saved") && event_text(value, "path"))
        replace_text(&state->save.what, event_text(value, "path"));
    if (!run_state_price_pending(state) || !text_equal(key, "price"))
        return;
    const char *unknown = event_text(value, "unknown");
    bool counted = cJSON_IsNumber(rows) && rows->valuedouble >= 0;
    replace_text(&price->unknown, counted   ? unknown
                                  : unknown ? unknown
                                            : "the count has no number of rows");
    price->known = true;
    price->rows = counted ? (long long)rows->valuedouble : 0;
    price->tables = (long long)event_number(value, "tables", 0);
    price->taken_ms = event_time(event);
}

bool apply_price_finished(struct run_state *state, const cJSON *event, struct error *error)
{
    if (!named_step(state, event, error))
        return false;
    state->price.counting = false;
    return true;
}

bool apply_price_fence_started(struct run_state *state, const cJSON *event, struct error *error)
{
    if (!named_step(state, event, error))
        return false;
    state->price.fencing = true;
    state->price.fenced = true;
    return true;
}

bool apply_price_fence_finished(struct run_state *state, const cJSON *event, struct error *error)
{
    if (!named_step(state, event, error))
        return false;
    state->price.fencing = false;
    return true;
}

bool apply_price_fence_released(struct run_state *state, const cJSON *event, struct error *error)
{
    if (!named_step(state, event, error))
        return false;
    state->price.fenced = false;
    return true;
}

bool apply_save_started(struct run_state *state, const cJSON *event, struct error *error)
{
    const struct step_state *step = named_step(state, event, error);
    if (!step)
        return false;
    replace_text(&state->save.what, event_text(event, "detail"));
    state->save.running = true;
    state->save.done = false;
    state->current = step - state->steps;
    return true;
}

/* What couldn't be saved is told by its step, which is not undone by that. */
bool apply_save_finished(struct run_state *state, const cJSON *event, struct error *error)
{
    struct step_state *step = named_step(state, event, error);
    if (!step)
        return false;
    state->save.running = false;
    state->save.done = event_flag(event, "ok");
    if (state->save.done) {
        state->save.wanted = false;
        return true;
    }
    replace_text(&step->message, event_text(event, "message"));
    replace_text(&step->remedy, event_text(event, "remedy"));
    return true;
}

/* An undo that loses nothing has a price once it has said that it can't be done. Another one that
 * failed may have left the new server running; where it was fenced, the fence was
 * taken back then, and clients may have written again. */
static bool has_price_still(const struct step_state *step)
{
    if (step->lossless)
        return step->has_price && step->status == STEP_UNDO_FAILED;
    bool undone = step->status == STEP_UNDOING || step->status == STEP_UNDONE ||
                  (step->status == STEP_UNDO_FAILED && !step->has_fence);
    return step->has_price && step->started && !undone;
}

/* As long as something is held the run hasn't switched: the new server has taken nothing. */
long run_state_price_step(const struct run_state *state)
{
    if (run_state_holds(state) || run_state_finished(state))
        return -1;
    for (size_t i = 0; i < state->step_count; i++)
        if (has_price_still(&state->steps[i]))
            return (long)i;
    return -1;
}

bool run_state_may_try_back(const struct run_state *state)
{
    long index = run_state_price_step(state);
    return state->status == RUN_ROLLBACK_FAILED && index >= 0 && state->steps[index].lossless;
}

bool run_state_may_give_up(const struct run_state *state)
{
    const struct step_state *step = state->current >= 0 ? &state->steps[state->current] : NULL;
    return state->status == RUN_ROLLING_BACK && !state->loss_accepted && step &&
           step->status == STEP_UNDOING && step->lossless;
}

bool run_state_price_free(const struct run_state *state)
{
    return state->price.known && !state->price.unknown && state->price.rows == 0;
}

bool run_state_price_pending(const struct run_state *state)
{
    return state->price.counting || state->price.fencing;
}

static double rows_of(const cJSON *table)
{
    return event_number(table, "inserted", 0) + event_number(table, "updated", 0) +
           event_number(table, "deleted", 0);
}

static int more_first(const void *left, const void *right)
{
    double difference =
        rows_of(*(const cJSON *const *)right) - rows_of(*(const cJSON *const *)left);
    return difference > 0 ? 1 : difference < 0 ? -1 : 0;
}

size_t run_state_price_tables(const struct run_state *state, const cJSON **tables, size_t size)
{
    const cJSON *price = cJSON_GetObjectItemCaseSensitive(state->facts, "price"), *table;
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(price, "list");
    size_t count = 0;
    const cJSON **all = xcalloc((size_t)cJSON_GetArraySize(list) + 1, sizeof *all);
    cJSON_ArrayForEach(table, list) all[count++] = table;
    qsort(all, count, sizeof *all, more_first);
    count = count < size ? count : size;
    for (size_t i = 0; i < count; i++)
        tables[i] = all[i];
    free(all);
    return count;
}

const char *run_state_price_phrase(const struct run_state *state, char *buffer, size_t size)
{
    if (state->price.unknown || run_state_price_pending(state))
        snprintf(buffer, size, PRICE_UNKNOWN_PHRASE);
    else
        snprintf(buffer, size, "lose %lld", state->price.rows);
    return buffer;
}

long long run_state_accepted_loss(const struct run_state *state, const char **step)
{
    long long loss = 0;
    *step = NULL;
    const cJSON *decision;
    cJSON_ArrayForEach(decision, state->decisions)
    {
        double loses = event_number(decision, "loses", 0);
        bool again = text_equal(event_text(decision, "step"), *step); /* the newest answer counts */
        if (!text_equal(event_text(decision, "answer"), "confirm") || (loses <= 0 && !again))
            continue;
        loss = (long long)loses;
        *step = event_text(decision, "step");
    }
    return loss;
}
