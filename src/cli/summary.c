/* summary.c: the state's parts as JSON. */
#include "cli/summary.h"

#include "base/clock.h"
#include "runbook/names.h"

static void add_text(cJSON *object, const char *name, const char *text)
{
    if (text)
        cJSON_AddStringToObject(object, name, text);
    else
        cJSON_AddNullToObject(object, name);
}

static cJSON *checks_json(const struct step_state *step)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < step->check_count; i++) {
        cJSON *check = cJSON_CreateObject();
        add_text(check, "name", step->checks[i].name);
        add_text(check, "verdict", verdict_name(step->checks[i].verdict));
        add_text(check, "detail", step->checks[i].detail);
        cJSON_AddItemToArray(list, check);
    }
    return list;
}

static cJSON *step_json(const struct step_state *step)
{
    cJSON *object = cJSON_CreateObject();
    add_text(object, "step", step->path);
    add_text(object, "title", step->title);
    add_text(object, "action", step->action);
    add_text(object, "arguments", step->detail);
    add_text(object, "status", step_status_name(step->status));
    add_text(object, "database", name_of(availability_names, step->database));
    cJSON_AddNumberToObject(object, "attempt", step->attempt);
    cJSON_AddNumberToObject(object, "planned_ms", (double)step->planned_ms);
    cJSON_AddNumberToObject(object, "started", (double)step->started_ms);
    cJSON_AddNumberToObject(object, "finished", (double)step->finished_ms);
    add_text(object, "message", step->message);
    add_text(object, "remedy", step->remedy);
    cJSON_AddItemToObject(object, "checks", checks_json(step));
    return object;
}

static void add_count(cJSON *object, const char *name, long long rows)
{
    if (rows >= 0)
        cJSON_AddNumberToObject(object, name, (double)rows);
    else
        cJSON_AddNullToObject(object, name);
}

/* The two differences, and whether the contents are what was compared. */
static void add_differences(cJSON *object, const struct run_state *state,
                            const struct table_rows *table)
{
    static const char *const sources[] = {
        [WRITTEN_UNKNOWN] = "unknown", [WRITTEN_EXACT] = "counted", [WRITTEN_LIVE] = "counters"};
    struct written written = run_state_written(state, table);
    enum rows_match match = run_state_match(state, table);
    char words[96];
    add_text(object, "restore_difference", rows_match_text(words, sizeof words, table, match));
    cJSON_AddBoolToObject(object, "restored", match == ROWS_EQUAL || match == ROWS_CAUGHT_UP);
    add_text(object, "written_since", written_text(words, sizeof words, &written));
    add_text(object, "written_by", sources[written.source]);
}

static cJSON *rows_json(const struct run_state *state)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < state->table_count; i++) {
        const struct table_rows *table = &state->tables[i];
        cJSON *object = cJSON_CreateObject();
        add_text(object, "database", table->database);
        add_text(object, "schema", table->schema);
        add_text(object, "table", table->table);
        add_count(object, "snapshot", table->rows[0]);
        add_count(object, "new", table->rows[1]);
        add_count(object, "now", table->rows[2]);
        add_differences(object, state, table);
        cJSON_AddItemToArray(list, object);
    }
    return list;
}

static cJSON *rows_summary_json(const struct run_state *state)
{
    struct rows_summary rows = run_state_rows(state);
    cJSON *object = cJSON_CreateObject();
    cJSON_AddNumberToObject(object, "tables", (double)rows.tables);
    cJSON_AddNumberToObject(object, "compared", (double)rows.compared);
    cJSON_AddNumberToObject(object, "different", (double)rows.different);
    cJSON_AddNumberToObject(object, "rows", (double)rows.rows);
    cJSON_AddNumberToObject(object, "caught_up", (double)rows.caught_up);
    cJSON_AddNumberToObject(object, "computed_anew", (double)rows.computed);
    cJSON_AddBoolToObject(object, "drift_known", rows.drift_known);
    cJSON_AddNumberToObject(object, "drifted_tables", (double)rows.drifted_tables);
    cJSON_AddNumberToObject(object, "drifted_rows", (double)rows.drifted_rows);
    return object;
}

static cJSON *outages_json(const struct run_state *state)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < state->outage_count; i++) {
        cJSON *object = cJSON_CreateObject();
        add_text(object, "step", state->outages[i].step);
        cJSON_AddNumberToObject(object, "began", (double)state->outages[i].began_ms);
        cJSON_AddNumberToObject(object, "ms", state->outages[i].ms);
        cJSON_AddNumberToObject(object, "failures", (double)state->outages[i].failures);
        cJSON_AddItemToArray(list, object);
    }
    return list;
}

/* What is held now, or null. */
static cJSON *hold_json(const struct run_state *state)
{
    if (!run_state_holds(state))
        return cJSON_CreateNull();
    cJSON *object = cJSON_CreateObject();
    add_text(object, "step", state->hold.step);
    add_text(object, "until", state->hold.until);
    cJSON_AddNumberToObject(object, "since", (double)state->hold.since_ms);
    cJSON_AddNumberToObject(object, "deadline", (double)state->hold.deadline_ms);
    return object;
}

/* What a rollback would lose, by the newest count, or null. */
static cJSON *price_json(const struct run_state *state)
{
    if (!state->price.known)
        return cJSON_CreateNull();
    cJSON *object = cJSON_CreateObject();
    add_count(object, "rows", state->price.unknown ? -1 : state->price.rows);
    add_text(object, "unknown", state->price.unknown);
    cJSON_AddNumberToObject(object, "taken_ms", (double)state->price.taken_ms);
    cJSON_AddBoolToObject(object, "fenced", state->price.fenced);
    add_text(object, "saved", state->save.done ? state->save.what : NULL);
    return object;
}

static void add_heading(cJSON *object, const struct run_state *state)
{
    add_text(object, "run", state->run);
    add_text(object, "environment", state->environment);
    add_text(object, "runbook", state->name);
    add_text(object, "title", state->title);
    add_text(object, "stack", state->stack);
    add_text(object, "operator", state->operator_name);
    add_text(object, "runbook_path", state->runbook_path);
    add_text(object, "runbook_sha256", state->runbook_sha256);
    add_text(object, "status", run_status_name(state->status));
    add_text(object, "gate", state->gate.step);
    add_text(object, "waits", state->turn.message);
    add_text(object, "current_step",
             state->current >= 0 ? state->steps[state->current].path : NULL);
    add_text(object, "rollback_reason", state->rollback_reason);
    cJSON_AddNumberToObject(object, "created", (double)state->created_ms);
    cJSON_AddNumberToObject(object, "finished", (double)state->finished_ms);
}

cJSON *summary_json(const struct run_state *state)
{
    cJSON *object = cJSON_CreateObject(), *steps = cJSON_CreateArray();
    add_heading(object, state);
    for (size_t i = 0; i < state->step_count; i++)
        cJSON_AddItemToArray(steps, step_json(&state->steps[i]));
    const char *lost_at;
    cJSON_AddItemToObject(object, "hold", hold_json(state));
    cJSON_AddNumberToObject(object, "tries_again", (double)state->again_ms);
    cJSON_AddItemToObject(object, "price", price_json(state));
    cJSON_AddNumberToObject(object, "accepted_loss",
                            (double)run_state_accepted_loss(state, &lost_at));
    cJSON_AddItemToObject(object, "variables", cJSON_Duplicate(state->variables, true));
    cJSON_AddItemToObject(object, "steps", steps);
    cJSON_AddItemToObject(object, "row_summary", rows_summary_json(state));
    cJSON_AddItemToObject(object, "rows", rows_json(state));
    cJSON_AddItemToObject(object, "outages", outages_json(state));
    if (run_state_outage_known(state))
        cJSON_AddNumberToObject(object, "outage_ms", run_state_outage_ms(state, clock_wall_ms()));
    else
        cJSON_AddNullToObject(object, "outage_ms");
    cJSON_AddItemToObject(object, "facts", cJSON_Duplicate(state->facts, true));
    cJSON_AddItemToObject(object, "decisions", cJSON_Duplicate(state->decisions, true));
    return object;
}
