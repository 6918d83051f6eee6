/* engine_asked.c: from asking for a rollback to its beginning: what it would lose is counted, that
 * is answered, writes are stopped, and the answer is held against a last count. */
#include "engine/engine_parts.h"

#include <stdlib.h>

void price_forget_asked(struct engine *engine)
{
    free(engine->asked.reason);
    free(engine->asked.operator_name);
    free(engine->asked.tty);
    cJSON_Delete(engine->asked.answer);
    engine->asked = (struct asked_rollback){0};
}

static void begin(struct engine *engine)
{
    cJSON *answer = engine->asked.answer;
    engine->asked.answer = NULL;
    engine_start_rollback(engine, answer);
}

/* Where nothing can be fenced the answer is all there is. */
static void take_answer(struct engine *engine, cJSON *answer)
{
    const struct step *step = price_step(engine);
    cJSON_Delete(engine->asked.answer);
    engine->asked.answer = answer;
    engine->asked.stage = ASKED_ANSWERED;
    if (!step || !step->fence)
        begin(engine);
}

static bool saves(const struct engine *engine)
{
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(engine->asked.answer, "save"));
}

static void count(struct engine *engine)
{
    engine->asked.stage = ASKED_COUNTED;
    price_start(engine);
}

/* The rollback goes on when it costs nothing, or, where nobody can be asked, when what it costs can
 * be saved. Else it waits for an answer. */
static void after_count(struct engine *engine)
{
    const struct asked_rollback *asked = &engine->asked;
    const struct step *step = price_step(engine);
    bool free_of_charge = !step || run_state_price_free(engine->state);
    bool save = !free_of_charge && asked->automatic && step->save;
    if (!free_of_charge && !save) {
        price_forget_asked(engine);
        return;
    }
    cJSON *event = engine_rollback_event(asked->reason, asked->operator_name, asked->tty);
    if (step)
        price_add(engine, event);
    cJSON_AddBoolToObject(event, "save", save);
    take_answer(engine, event);
}

static void fence(struct engine *engine)
{
    const struct step *step = price_step(engine);
    engine->asked.stage = ASKED_FENCED;
    if (step)
        fence_start(engine, step);
    else
        begin(engine);
}

static void after_fence(struct engine *engine)
{
    if (!engine->asked.fence_held) {
        price_forget_asked(engine);
    } else if (saves(engine)) {
        begin(engine);
    } else {
        engine->asked.stage = ASKED_COUNTED_FENCED;
        price_start(engine);
    }
}

/* What was accepted covers what is there; what the runbook itself rolls back is saved otherwise. */
static void after_last_count(struct engine *engine)
{
    const struct price_state *price = &engine->state->price;
    const struct step *step = price_step(engine);
    cJSON *answer = engine->asked.answer;
    const cJSON *rows = cJSON_GetObjectItemCaseSensitive(answer, "price_rows");
    bool covered = price->known && !price->unknown && cJSON_IsNumber(rows) &&
                   (double)price->rows <= rows->valuedouble;
    if (!covered && !(engine->asked.automatic && step && step->save)) {
        price_forget_asked(engine);
        return;
    }
    cJSON_DeleteItemFromObjectCaseSensitive(answer, "price_rows");
    price_add(engine, answer);
    cJSON_DeleteItemFromObjectCaseSensitive(answer, "save");
    cJSON_AddBoolToObject(answer, "save", !covered);
    begin(engine);
}

static void (*const stages[])(struct engine *engine) = {
    [ASKED_NOW] = count,
    [ASKED_COUNTED] = after_count,
    [ASKED_ANSWERED] = fence,
    [ASKED_FENCED] = after_fence,
    [ASKED_COUNTED_FENCED] = after_last_count,
};

void asked_go_on(struct engine *engine)
{
    const struct run_state *state = engine->state;
    while (engine->asked.reason && !engine->counter.process && !engine->broken) {
        if (run_state_finished(state) || state->point_of_no_return_passed ||
            state->status == RUN_ROLLING_BACK)
            price_forget_asked(engine);
        else
            stages[engine->asked.stage](engine);
    }
}

static void ask(struct engine *engine, const char *reason, const char *operator_name,
                const char *tty)
{
    price_forget_asked(engine);
    engine->asked.reason = xstrdup(reason ? reason : "asked for");
    engine->asked.operator_name = xstrdup(operator_name ? operator_name : "?");
    engine->asked.tty = xstrdup(tty ? tty : "?");
}

void price_ask(struct engine *engine, const char *reason, const char *operator_name,
               const char *tty, bool automatic)
{
    ask(engine, reason, operator_name, tty);
    engine->asked.automatic = automatic;
    if (engine->state->price.counting) /* what is being counted will do */
        engine->asked.stage = ASKED_COUNTED;
    asked_go_on(engine);
}

void price_answer(struct engine *engine, cJSON *event)
{
    static const char *const fields[] = {"reason", "operator", "tty"};
    const char *texts[3];
    for (size_t i = 0; i < 3; i++)
        texts[i] = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(event, fields[i]));
    if (cJSON_HasObjectItem(event, "price_unknown") &&
        !cJSON_IsTrue(cJSON_GetObjectItem(event, "save"))) {
        engine_start_rollback(engine, event);
        return;
    }
    ask(engine, texts[0], texts[1], texts[2]);
    take_answer(engine, event);
    asked_go_on(engine);
}
