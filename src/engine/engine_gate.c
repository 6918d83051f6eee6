/* engine_gate.c: gathering a gate's evidence, opening it, and taking its answer. */
#include "engine/gate_parts.h"

#include "base/clock.h"

#include <stdlib.h>

#define CONTAINER_MAX_AGE_MS 15000

void gate_add(struct gathering *gathering, const char *name, int verdict, char *detail)
{
    cJSON *item = cJSON_CreateObject();
    cJSON_AddStringToObject(item, "name", name);
    cJSON_AddNumberToObject(item, "verdict", verdict);
    cJSON_AddStringToObject(item, "detail", detail);
    cJSON_AddItemToArray(gathering->list, item);
    if (verdict == FAIL)
        gathering->blocked = true;
    free(detail);
}

static void count_checks(const struct step_state *step, size_t counts[3])
{
    for (size_t i = 0; i < step->check_count; i++)
        counts[step->checks[i].verdict >= PASS && step->checks[i].verdict <= FAIL
                   ? step->checks[i].verdict
                   : FAIL]++;
}

/* "done at 14:22:31, 6 checks passed, 1 warning": what there was none of isn't named. */
static char *checks_in_words(const struct step_state *step, const size_t counts[3])
{
    char at[16];
    struct text words = {0};
    text_printf(&words, "done at %s", gate_clock(at, sizeof at, step->finished_ms));
    if (counts[PASS])
        text_printf(&words, ", %zu check%s passed", counts[PASS], counts[PASS] == 1 ? "" : "s");
    if (counts[WARN])
        text_printf(&words, ", %zu warning%s", counts[WARN], counts[WARN] == 1 ? "" : "s");
    if (counts[FAIL])
        text_printf(&words, ", %zu FAILED", counts[FAIL]);
    return text_take(&words);
}

/* Only what can be looked at again grows stale. */
static bool read_only(const struct engine *engine, const char *path)
{
    const struct step *step = engine_step(engine, path);
    return step && step->danger == DANGER_READ;
}

static void add_required(struct gathering *gathering, const struct step_state *step)
{
    char at[16], age[32];
    size_t counts[3] = {0};
    int64_t passed = clock_wall_ms() - step->finished_ms;
    count_checks(step, counts);
    if (step->status == STEP_SKIPPED && step->skipped_after_failure) {
        gate_add(gathering, step->title, FAIL, xstrdup("it failed and was skipped"));
    } else if (step->status == STEP_SKIPPED) {
        gate_add(gathering, step->title, WARN,
                 xprintf("skipped: %s", step->message ? step->message : ""));
    } else if (step->status != STEP_DONE) {
        gate_add(gathering, step->title, FAIL, xprintf("it is %s", step_status_name(step->status)));
    } else if (gathering->gate->max_age_ms && read_only(gathering->engine, step->path) &&
               passed > gathering->gate->max_age_ms) {
        gate_add(gathering, step->title, FAIL,
                 xprintf("stale: done at %s, older than %s",
                         gate_clock(at, sizeof at, step->finished_ms),
                         text_duration(age, sizeof age, gathering->gate->max_age_ms)));
    } else {
        int verdict = counts[FAIL] ? FAIL : counts[WARN] ? WARN : PASS;
        gate_add(gathering, step->title, verdict, checks_in_words(step, counts));
    }
}

/* The checks that didn't pass, one by one. */
static void add_troubled_checks(struct gathering *gathering, const struct step_state *step)
{
    for (size_t i = 0; i < step->check_count; i++)
        if (step->checks[i].verdict == WARN)
            gate_add(gathering, step->checks[i].name, WARN, xstrdup(step->checks[i].detail));
}

#define NAMED_MAX 5

/* "2 materialised views were computed anew (shop: public.a, ...)", where there are any. */
static void add_matching(struct text *words, const struct run_state *state, enum rows_match match,
                         size_t count, const char *what)
{
    size_t named = 0;
    if (!count)
        return;
    text_printf(words, "; %zu %s (", count, what);
    for (size_t i = 0; i < state->table_count; i++) {
        const struct table_rows *table = &state->tables[i];
        if (run_state_match(state, table) == match && named++ < NAMED_MAX)
            text_printf(words, "%s%s: %s.%s", named > 1 ? ", " : "", table->database, table->schema,
                        table->table);
    }
    text_add(words, named > NAMED_MAX ? ", ...)" : ")");
}

/* What differs as it has to, and loses no row. */
static char *expected_differences(const struct run_state *state, const struct rows_summary *rows)
{
    struct text words = {0};
    add_matching(&words, state, ROWS_COMPUTED, rows->computed,
                 "with other rows, as a materialised view is computed anew on each server");
    add_matching(&words, state, ROWS_OF_VERSION, rows->of_version,
                 "that only one version of an extension has");
    return text_take(&words);
}

static void add_expected(struct gathering *gathering, const struct rows_summary *rows)
{
    char total[32];
    char *expected = expected_differences(gathering->engine->state, rows);
    gate_add(gathering, "Row counts", WARN,
             xprintf("%zu tables, %s rows: no row is lost%s", rows->compared,
                     text_grouped(total, sizeof total, rows->rows), expected));
    free(expected);
}

static void add_row_counts(struct gathering *gathering)
{
    struct rows_summary rows = run_state_rows(gathering->engine->state);
    char total[32];
    text_grouped(total, sizeof total, rows.rows);
    const struct column_state *columns = gathering->engine->state->columns;
    if (!rows.compared || !columns[0].complete || !columns[1].complete)
        gate_add(gathering, "Row counts", FAIL,
                 xstrdup("they were not counted to the end on both"));
    else if (rows.different)
        gate_add(gathering, "Row counts", FAIL,
                 xprintf("%zu of %zu tables differ, by %lld rows", rows.different, rows.tables,
                         rows.difference));
    else if (rows.computed || rows.of_version)
        add_expected(gathering, &rows);
    else
        gate_add(gathering, "Row counts", PASS,
                 xprintf("%zu tables, %s rows: every count is equal", rows.compared, total));
}

static void add_container(struct gathering *gathering, const struct container_state *container)
{
    const char *health = container->health && *container->health ? container->health : NULL;
    bool fresh = clock_wall_ms() - container->seen_ms <= CONTAINER_MAX_AGE_MS;
    bool good = text_equal(container->state, "running") && !text_equal(health, "unhealthy");
    char *name = xprintf("Container %s", container->name);
    if (container->trouble || !container->state || !fresh)
        gate_add(
            gathering, name, WARN,
            xprintf("unknown: %s", container->trouble ? container->trouble : "no fresh answer"));
    else
        gate_add(gathering, name, good || text_equal(container->state, "absent") ? PASS : WARN,
                 xprintf("%s%s%s%s%s", container->state, health ? ", " : "", health ? health : "",
                         container->image && *container->image ? ", " : "",
                         container->image ? container->image : ""));
    free(name);
}

static void add_containers(struct gathering *gathering)
{
    const struct run_state *state = gathering->engine->state;
    for (size_t i = 0; i < state->container_count; i++)
        add_container(gathering, &state->containers[i]);
}

/* What matters most comes first, where a small screen shows it. */
static void gather(struct gathering *gathering)
{
    const struct run_state *state = gathering->engine->state;
    const struct gate *gate = gathering->gate;
    if (gate->show & SHOW_ROW_COUNTS)
        add_row_counts(gathering);
    if (gate->show & SHOW_DRIFT)
        gate_add_drift(gathering);
    for (size_t i = 0; i < gate->require.count; i++) {
        long index = run_state_step(state, gate->require.items[i]);
        if (index < 0)
            continue;
        add_required(gathering, &state->steps[index]);
        if (gate->show & SHOW_CHECKS)
            add_troubled_checks(gathering, &state->steps[index]);
    }
    if (gate->show & SHOW_CONTAINERS)
        add_containers(gathering);
}

/* What has to be typed: the runbook's phrase, or, where rows would be lost, their number. */
static char *phrase_of(const struct engine *engine, const struct gate *gate, long long loses,
                       struct error *error)
{
    if (loses)
        return xprintf("lose %lld", loses);
    return runbook_expand_text(engine->runbook, gate->phrase ? gate->phrase : "",
                               engine->state->facts, EXPAND_MASKED, error);
}

static cJSON *opened_event(const struct engine *engine, const struct step *step,
                           const struct gathering *gathering, const char *question,
                           const char *phrase)
{
    const struct gate *gate = step->gate;
    cJSON *event = engine_step_event("gate_opened", step->path);
    cJSON_AddNumberToObject(event, "opening", (double)(engine->state->sequence + 1));
    cJSON_AddStringToObject(event, "question", question);
    cJSON_AddBoolToObject(event, "typed", gate->confirm == CONFIRM_TYPE || gathering->loses > 0);
    if (gate->confirm == CONFIRM_TYPE || gathering->loses > 0)
        cJSON_AddStringToObject(event, "phrase", phrase);
    cJSON_AddBoolToObject(event, "blocked", gathering->blocked);
    const struct step *offered = gate->offer ? engine_step(engine, gate->offer) : NULL;
    if (offered && gathering->loses > 0 && !gathering->blocked)
        cJSON_AddStringToObject(event, "offer", offered->path);
    cJSON_AddNumberToObject(event, "writes", (double)gate_live_changes(engine->state));
    cJSON_AddNumberToObject(event, "loses", (double)gathering->loses);
    if (gate->timeout_ms)
        cJSON_AddNumberToObject(event, "deadline", (double)(clock_wall_ms() + gate->timeout_ms));
    const cJSON *diff = cJSON_GetObjectItemCaseSensitive(engine->state->facts, "diff");
    if ((gate->show & SHOW_DIFF) && cJSON_IsString(diff))
        cJSON_AddStringToObject(event, "diff", diff->valuestring);
    cJSON_AddItemToObject(event, "evidence", gathering->list);
    return event;
}

bool gate_open(struct engine *engine, const struct step *step, struct error *error)
{
    struct gathering gathering = {
        .engine = engine, .gate = step->gate, .list = cJSON_CreateArray()};
    gather(&gathering);
    char *question = runbook_expand_text(engine->runbook,
                                         step->gate->question ? step->gate->question : step->title,
                                         engine->state->facts, EXPAND_MASKED, error);
    char *phrase = question ? phrase_of(engine, step->gate, gathering.loses, error) : NULL;
    bool opened = question && phrase;
    if (opened)
        engine_emit(engine, opened_event(engine, step, &gathering, question, phrase));
    else
        cJSON_Delete(gathering.list);
    free(question);
    free(phrase);
    return opened;
}

bool gate_still_holds(const struct engine *engine, const struct step *step, struct error *error)
{
    struct gathering gathering = {
        .engine = engine, .gate = step->gate, .list = cJSON_CreateArray()};
    gather(&gathering);
    bool blocked = gathering.blocked;
    bool grew = (step->gate->show & SHOW_DRIFT) && !engine->state->gate.loses &&
                (gathering.loses || gate_written_since(engine->state));
    const cJSON *item;
    cJSON_ArrayForEach(item, gathering.list)
    {
        if (!blocked || (int)cJSON_GetNumberValue(cJSON_GetObjectItem(item, "verdict")) != FAIL)
            continue;
        error_set(error, ERROR_OTHER, "the evidence doesn't hold: %s: %s",
                  cJSON_GetStringValue(cJSON_GetObjectItem(item, "name")),
                  cJSON_GetStringValue(cJSON_GetObjectItem(item, "detail")));
        break;
    }
    cJSON_Delete(gathering.list);
    if (!blocked && grew)
        return error_set(error, ERROR_OTHER,
                         "something was written on the old server since this gate opened");
    return !blocked;
}

static void copy_field(cJSON *event, const cJSON *command, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(command, name);
    if (item)
        cJSON_AddItemToObject(event, name, cJSON_Duplicate(item, true));
}

void gate_answer(struct engine *engine, const char *answer, const cJSON *command)
{
    const struct gate_state *gate = &engine->state->gate;
    cJSON *event = engine_step_event("gate_answered", gate->step);
    cJSON_AddNumberToObject(event, "opening", (double)gate->opening);
    cJSON_AddStringToObject(event, "answer", answer);
    cJSON_AddNumberToObject(event, "loses", (double)gate->loses);
    copy_field(event, command, "operator");
    copy_field(event, command, "tty");
    copy_field(event, command, "phrase");
    copy_field(event, command, "named");
    cJSON *accepted = engine_step_event("fact", gate->step);
    cJSON_AddStringToObject(accepted, "key", "accepted.loses");
    cJSON_AddNumberToObject(accepted, "value", (double)gate->loses);
    if (text_equal(answer, "confirm"))
        engine_emit(engine, accepted);
    else
        cJSON_Delete(accepted);
    engine_emit(engine, event);
}

cJSON *engine_steps_between(const struct run_state *state, long first, long last)
{
    cJSON *steps = cJSON_CreateArray();
    for (long i = first; i <= last; i++)
        cJSON_AddItemToArray(steps, cJSON_CreateString(state->steps[i].path));
    return steps;
}

void gate_take_offer(struct engine *engine, const cJSON *command)
{
    const struct run_state *state = engine->state;
    long first = run_state_step(state, state->gate.offer);
    long last = run_state_step(state, state->gate.step);
    cJSON *event = engine_event("steps_reset");
    cJSON_AddItemToObject(event, "steps", engine_steps_between(state, first, last));
    cJSON_AddStringToObject(event, "asked", state->steps[first].path);
    gate_answer(engine, "offer", command);
    engine_emit(engine, event);
}

void gate_reopen(struct engine *engine, const struct step *step)
{
    cJSON *steps = cJSON_CreateArray();
    for (size_t i = 0; i < step->gate->require.count; i++) {
        const struct step *required = engine_step(engine, step->gate->require.items[i]);
        long index = required ? run_state_step(engine->state, required->path) : -1;
        if (index >= 0 && required->danger == DANGER_READ &&
            engine->state->steps[index].status != STEP_SKIPPED)
            cJSON_AddItemToArray(steps, cJSON_CreateString(required->path));
    }
    cJSON_AddItemToArray(steps, cJSON_CreateString(step->path));
    cJSON *event = engine_event("steps_reset");
    cJSON_AddItemToObject(event, "steps", steps);
    engine_emit(engine, event);
}
