/* gate_drift.c: the evidence of what was written since the backup: counted exactly, row by row, or
 * by row counts and the server's write counters. */
#include "engine/gate_parts.h"

#include "base/clock.h"

#include <stdio.h>
#include <time.h>

/* How old the count of what was written may be when the gate is confirmed. */
#define DRIFT_MAX_AGE_MS (5 * 60 * 1000)

static const char drift_name[] = "Written since the backup";

static double fact_number(const cJSON *fact, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(fact, name);
    return cJSON_IsNumber(item) ? item->valuedouble : -1;
}

const char *gate_clock(char *buffer, size_t size, int64_t wall_ms)
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm local;
    localtime_r(&seconds, &local);
    strftime(buffer, size, "%H:%M:%S", &local);
    return buffer;
}

/* What the counters said when the rows were counted; false when updates would go unseen. */
static bool counted_changes(const struct run_state *state, long long *changes, struct text *words)
{
    const cJSON *drift = cJSON_GetObjectItemCaseSensitive(state->facts, "drift");
    *changes = drift ? (long long)fact_number(drift, "changes") : -1;
    if (*changes > 0)
        text_printf(words, "; %.0f inserts, %.0f updates, %.0f deletes",
                    fact_number(drift, "inserted"), fact_number(drift, "updated"),
                    fact_number(drift, "deleted"));
    return *changes >= 0;
}

static void add_counted(struct gathering *gathering)
{
    const struct run_state *state = gathering->engine->state;
    struct rows_summary rows = run_state_rows(state);
    struct text words = {0};
    long long changes = 0;
    char at[16];
    gate_clock(at, sizeof at, state->columns[2].counted_ms);
    if (!rows.drift_known) {
        gate_add(gathering, drift_name, FAIL, xstrdup("it was not counted"));
    } else if (clock_wall_ms() - state->columns[2].counted_ms > DRIFT_MAX_AGE_MS) {
        gate_add(gathering, drift_name, FAIL,
                 xprintf("counted at %s, too long ago: gather again", at));
    } else if (!counted_changes(state, &changes, &words)) {
        gate_add(gathering, drift_name, FAIL, xstrdup("the server's write counters are unknown"));
    } else if (rows.drifted_tables || changes) {
        gathering->loses = rows.drifted_rows > changes ? rows.drifted_rows : changes;
        gate_add(gathering, drift_name, WARN,
                 xprintf("%lld rows in %zu tables%s (%s): the new server lacks them",
                         rows.drifted_rows, rows.drifted_tables, text_string(&words), at));
    } else {
        gate_add(gathering, drift_name, PASS, xprintf("nothing, counted at %s", at));
    }
    text_free(&words);
}

static const cJSON *fact_of(const struct run_state *state, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(state->facts, key);
}

static bool exact(const struct run_state *state)
{
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(fact_of(state, "drift"), "exact"));
}

static bool fenced(const struct run_state *state)
{
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(fact_of(state, "drift"), "fenced"));
}

/* Nothing can have been written since: the fence was there before the count and is there now. */
static bool fence_holds(const struct run_state *state)
{
    const cJSON *fence = fact_of(state, "fence");
    double since = fact_number(fence, "since_ms");
    return fenced(state) && cJSON_IsObject(fence) && since >= 0 &&
           since <= fact_number(fact_of(state, "drift"), "taken_ms");
}

/* "transaction 812 and WAL 0/3A1F2C8 unmoved": the server's own word for it. */
static void add_positions(const cJSON *drift, struct text *words)
{
    const char *lsn = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(drift, "lsn_now"));
    const cJSON *transaction = cJSON_GetObjectItemCaseSensitive(drift, "xid_now");
    if (cJSON_IsNumber(transaction))
        text_printf(words, ", transaction %.0f", transaction->valuedouble);
    else if (cJSON_IsString(transaction))
        text_printf(words, ", transaction %s", transaction->valuestring);
    if (lsn)
        text_printf(words, "%s WAL %s", transaction ? " and" : ",", lsn);
    if (lsn || transaction)
        text_add(words, " unmoved");
}

static void add_amounts(const cJSON *drift, double rows, double sequences, struct text *words)
{
    double tables = fact_number(drift, "tables");
    if (rows > 0)
        text_printf(words, "%.0f row%s in %.0f table%s: %.0f inserted, %.0f updated, %.0f deleted",
                    rows, rows > 1 ? "s" : "", tables, tables > 1 ? "s" : "",
                    fact_number(drift, "inserted"), fact_number(drift, "updated"),
                    fact_number(drift, "deleted"));
    if (sequences > 0)
        text_printf(words, "%s%.0f sequence%s behind", rows > 0 ? "; " : "", sequences,
                    sequences > 1 ? "s" : "");
    text_add(words, "; the new server lacks them");
}

/* Counted row by row. What the new server lacks of sequences counts too: a number given out twice
 * is a loss. */
static void add_exact(struct gathering *gathering)
{
    const struct run_state *state = gathering->engine->state;
    const cJSON *drift = fact_of(state, "drift");
    double rows = fact_number(drift, "rows"), sequences = fact_number(drift, "sequences");
    bool held = fence_holds(state);
    struct text words = {0};
    char at[16];
    gathering->loses = (long long)((rows > 0 ? rows : 0) + (sequences > 0 ? sequences : 0));
    if (gathering->loses)
        add_amounts(drift, rows, sequences, &words);
    else
        text_add(&words, "nothing");
    text_printf(&words, "%s counted at %s", gathering->loses ? ";" : ",",
                gate_clock(at, sizeof at, (int64_t)fact_number(drift, "taken_ms")));
    if (held) {
        text_add(&words, ", fenced");
        add_positions(drift, &words);
    }
    gate_add(gathering, drift_name, gathering->loses ? WARN : PASS, text_take(&words));
}

/* What was changed that copying rows doesn't mend, or NULL; the caller frees. */
static char *changed_objects(const cJSON *drift)
{
    double objects = fact_number(drift, "objects"), databases = fact_number(drift, "databases");
    double tables = fact_number(drift, "tables");
    double sequences = fact_number(drift, "absent_sequences");
    if (objects > 0)
        return xprintf("%.0f schema object%s changed since the backup: take the backup again",
                       objects, objects > 1 ? "s" : "");
    if (databases > 0)
        return xprintf("%.0f database%s on one server only: take the backup again", databases,
                       databases > 1 ? "s are" : " is");
    if (sequences > 0)
        return xprintf("%.0f sequence%s on one server only: take the backup again", sequences,
                       sequences > 1 ? "s are" : " is");
    if (tables > 0 && fact_number(drift, "rows") == 0)
        return xprintf("%.0f table%s in more than rows: take the backup again", tables,
                       tables > 1 ? "s differ" : " differs");
    return NULL;
}

/* Why an exact count can't be relied on, or NULL; the caller frees. */
static char *exact_fault(const struct run_state *state)
{
    const cJSON *drift = fact_of(state, "drift");
    double taken = fact_number(drift, "taken_ms");
    char *changed = changed_objects(drift), at[16];
    gate_clock(at, sizeof at, (int64_t)taken);
    if (changed)
        return changed;
    if (fact_number(drift, "rows") < 0 || taken < 0)
        return xstrdup("the count is incomplete: gather again");
    if (fenced(state) && !fence_holds(state))
        return xprintf("counted at %s under a fence that isn't there any more: gather again", at);
    if (!fenced(state) && (double)clock_wall_ms() - taken > DRIFT_MAX_AGE_MS)
        return xprintf("counted at %s, too long ago: gather again", at);
    return NULL;
}

void gate_add_drift(struct gathering *gathering)
{
    const struct run_state *state = gathering->engine->state;
    char *fault = exact(state) ? exact_fault(state) : NULL;
    if (fault)
        gate_add(gathering, drift_name, FAIL, fault);
    else if (exact(state))
        add_exact(gathering);
    else
        add_counted(gathering);
}

/* Live, between two counts: what comes in while the gate is open. */
long long gate_live_changes(const struct run_state *state)
{
    const struct writes_state *writes = &state->writes;
    return writes->known ? writes->inserted + writes->updated + writes->deleted : 0;
}

bool gate_written_since(const struct run_state *state)
{
    long long before = exact(state) ? state->gate.writes : 0;
    return !(exact(state) && fence_holds(state)) && gate_live_changes(state) > before;
}
