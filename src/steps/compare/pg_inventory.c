/* pg_inventory.c: pg.inventory, which records what a server holds and counts every table's rows. */
#include "base/json.h"
#include "postgres/drift.h"
#include "steps/actions.h"
#include "steps/compare/pg_measure.h"
#include "steps/drift/accepted.h"

#include <stdlib.h>
#include <string.h>

#define AT_THE_SWITCH "switch"

static const char *const column_names[] = {"snapshot", "new", "now", AT_THE_SWITCH, NULL};

static enum rows_column column_of(const char *name)
{
    if (text_equal(name, AT_THE_SWITCH))
        return ROWS_NEW;
    enum rows_column column = ROWS_SNAPSHOT;
    for (int i = 0; column_names[i]; i++)
        if (text_equal(column_names[i], name))
            column = (enum rows_column)i;
    return column;
}

struct drift_sum {
    struct step_run *run;
    size_t tables, shown;
    long long rows;    /* sum of the differences */
    long long changes; /* by the server's counters; -1 unknown */
    struct drift_counters counters;
};

#define SHOWN_MAX 20

static void found_drift(void *context, enum row_change change, const struct row_count *old,
                        const struct row_count *now)
{
    struct drift_sum *sum = context;
    const struct row_count *named = old ? old : now;
    if (change == ROW_EQUAL || !named)
        return;
    sum->tables++;
    sum->rows += llabs((now ? now->rows : 0) - (old ? old->rows : 0));
    if (sum->shown++ >= SHOWN_MAX)
        return;
    struct text name = {0};
    char before[32], after[32];
    row_count_name(&name, named);
    step_check(sum->run, text_string(&name), VERDICT_WARN, "%s rows in the backup, %s now",
               old ? text_grouped(before, sizeof before, old->rows) : "no",
               now ? text_grouped(after, sizeof after, now->rows) : "no");
    text_free(&name);
}

/* Counts don't see updates, nor inserts that deletes make up for; the server's own counters do.
 * What they said at the backup's snapshot is in the fact "backup". */
static void read_changes(struct drift_sum *sum, const struct server_access *access)
{
    struct error error = ERROR_INIT;
    const cJSON *base = cJSON_GetObjectItemCaseSensitive(step_known(sum->run, "backup"), "writes");
    struct drift *drift = drift_open(&access->parameters, &error);
    struct drift_counters *now = &sum->counters;
    bool known = drift && drift_read(drift, now, &error) && base &&
                 text_equal(json_text(base, "system"), now->system);
    drift_close(drift);
    sum->changes = -1;
    if (!known)
        return;
    now->inserted -= (long long)json_number_at(base, "inserted");
    now->updated -= (long long)json_number_at(base, "updated");
    now->deleted -= (long long)json_number_at(base, "deleted");
    if (now->inserted >= 0 && now->updated >= 0 && now->deleted >= 0) /* else they were reset */
        sum->changes = now->inserted + now->updated + now->deleted;
}

static void record_drift(const struct drift_sum *sum)
{
    cJSON *fact = cJSON_CreateObject();
    cJSON_AddNumberToObject(fact, "tables", (double)sum->tables);
    cJSON_AddNumberToObject(fact, "rows", (double)sum->rows);
    cJSON_AddNumberToObject(fact, "changes", (double)sum->changes);
    cJSON_AddNumberToObject(fact, "inserted", (double)sum->counters.inserted);
    cJSON_AddNumberToObject(fact, "updated", (double)sum->counters.updated);
    cJSON_AddNumberToObject(fact, "deleted", (double)sum->counters.deleted);
    step_fact(sum->run, "drift", fact);
}

static void check_changes(const struct drift_sum *sum)
{
    if (sum->changes < 0)
        step_check(
            sum->run, "changes since the backup", VERDICT_FAIL,
            "the server's write counters can't be compared with those at the backup (they were "
            "reset, or can't be read): updates would go unseen");
    else
        step_check(sum->run, "changes since the backup", sum->changes ? VERDICT_WARN : VERDICT_PASS,
                   "%lld inserts, %lld updates, %lld deletes by the server's counters",
                   sum->counters.inserted, sum->counters.updated, sum->counters.deleted);
}

/* Against the backup's snapshot, when there is one. */
static bool check_drift(struct step_run *run, const struct server_access *access,
                        struct row_counts *now, struct error *error)
{
    struct row_counts snapshot = {0};
    struct drift_sum sum = {.run = run};
    bool accepted = true;
    row_counts_known(run, ROWS_SNAPSHOT, &snapshot);
    if (snapshot.count) {
        row_counts_compare(&snapshot, now, found_drift, &sum);
        step_check(run, "written since the backup", sum.tables ? VERDICT_WARN : VERDICT_PASS,
                   "%zu tables have another number of rows than in the backup", sum.tables);
        read_changes(&sum, access);
        check_changes(&sum);
        record_drift(&sum);
        accepted = accepted_covers(run, sum.rows, sum.changes, error);
    }
    row_counts_free(&snapshot);
    return accepted;
}

/* A server that was left when its copy was equal: what it has is what both had. */
static void fill_snapshot(struct step_run *run, const struct survey *survey)
{
    step_rows_begin(run, ROWS_SNAPSHOT);
    for (size_t i = 0; i < survey->count; i++)
        for (size_t j = 0; j < survey->tables[i].tables.count; j++)
            step_rows(run, ROWS_SNAPSHOT, survey->tables[i].database,
                      &survey->tables[i].tables.items[j]);
    step_rows_end(run, ROWS_SNAPSHOT);
}

static bool take_inventory(struct step_run *run, const struct server_access *access,
                           struct survey *survey, struct error *error)
{
    struct row_counts counts = {0};
    enum rows_column column = column_of(step_text(run, "column"));
    if (!survey_read(access, survey, error))
        return false;
    survey_checks(run, survey);
    const struct measure server = {access, survey, column, &counts};
    bool counted = measure_tables(run, &server, 1, step_boolean(run, "contents"), error);
    if (counted && text_equal(step_text(run, "column"), AT_THE_SWITCH))
        fill_snapshot(run, survey);
    if (counted && column == ROWS_NOW)
        counted = check_drift(run, access, &counts, error);
    /* What was recorded before the backup stays what the copy is compared with. */
    if (counted && (column != ROWS_NOW || !survey_known(run, access->name)))
        survey_record(run, access->name, survey->server);
    row_counts_free(&counts);
    return counted;
}

static bool run_inventory(struct step_run *run, struct error *error)
{
    struct server_access access = {0};
    struct survey survey = {0};
    if (server_not_yet(run, step_text(run, "server")))
        return true;
    bool done = server_find(run, step_text(run, "server"), &access, error) &&
                take_inventory(run, &access, &survey, error);
    survey_free(&survey);
    server_free(&access);
    return done;
}

static const struct argument inventory_arguments[] = {
    {"server", ARGUMENT_SERVER, true, NULL, NULL, "the server to look at"},
    {"column", ARGUMENT_ENUM, false, "snapshot", column_names,
     "column of the row counts that it fills; switch: snapshot and new, of a server that was left "
     "when its copy was equal"},
    {"contents", ARGUMENT_BOOLEAN, false, "no", NULL,
     "yes: reads every row and records a checksum of every table's contents beside its count"},
    {"connections", ARGUMENT_INTEGER, false, "4", NULL,
     "over how many connections it counts, at most; fewer where the server has few free"},
    {"accepted", ARGUMENT_TEXT, false, NULL, NULL, "with column now: " ACCEPTED_HELP},
    {NULL, ARGUMENT_TEXT, false, NULL, NULL, NULL},
};

const struct action pg_inventory_action = {
    .name = "pg.inventory",
    .danger = DANGER_READ,
    .help = "records version, databases, extensions and the exact row count of every table",
    .arguments = inventory_arguments,
    .run = run_inventory,
};
