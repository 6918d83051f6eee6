/* pg_drift.c: pg.drift, which says exactly what the old server has that the new server's copy
 * lacks.
 */
#include "steps/actions.h"
#include "steps/compare/pg_measure.h"
#include "steps/drift/accepted.h"
#include "steps/drift/drift_objects.h"
#include "steps/drift/drift_outside.h"
#include "steps/drift/drifted_tables.h"
#include "steps/drift/written_base.h"
#include "steps/fence/fence_known.h"

#include "base/clock.h"
#include "base/json.h"

#include <stdlib.h>

#define LISTED_MAX 50

struct drift_run {
    struct step_run *run;
    struct server_access old, new;
    struct survey old_survey, new_survey; /* the new one's only when it had to be measured */
    struct pg_database_list new_databases;
    struct row_counts now, copy; /* columns NOW and NEW */
    struct drifted_tables tables;
    struct differences differences;
    struct drift_outside outside;
    struct drift_objects objects;
    struct write_position position; /* of the old server, after all was measured */
    int64_t taken_ms;
    const cJSON *fence; /* or NULL */
    bool moved;         /* something was written under the fence */
    long long inserted, updated, deleted, rows;
    size_t other_databases; /* on one side only */
};

/* Of the copy only what was proven counts: its recorded digests, nobody else writes there. Where
 * they aren't complete it's measured itself. */
static bool copy_is_measured(const struct row_counts *copy)
{
    bool measured = copy->count > 0;
    for (size_t i = 0; measured && i < copy->count; i++)
        measured = *copy->items[i].digest;
    return measured;
}

static bool measure(struct drift_run *drift, struct error *error)
{
    struct measure servers[2] = {{&drift->old, &drift->old_survey, ROWS_NOW, &drift->now},
                                 {&drift->new, &drift->new_survey, ROWS_NEW, &drift->copy}};
    row_counts_known(drift->run, ROWS_NEW, &drift->copy);
    bool measured = copy_is_measured(&drift->copy);
    if (!survey_read(&drift->old, &drift->old_survey, error))
        return false;
    if (measured)
        return measure_tables(drift->run, servers, 1, true, error);
    row_counts_free(&drift->copy);
    return survey_read(&drift->new, &drift->new_survey, error) &&
           measure_tables(drift->run, servers, 2, true, error);
}

static bool read_new_databases(struct drift_run *drift, struct error *error)
{
    struct pg_connection *connection = server_open(&drift->new, error);
    bool read = connection && catalog_databases(connection, &drift->new_databases, error);
    pg_close(connection);
    return read;
}

static void note_database(struct drift_run *drift, const char *name, const char *where)
{
    drift->other_databases++;
    step_check(drift->run, name, VERDICT_WARN, "the database is on the %s server only", where);
}

static bool read_outside(struct drift_run *drift, struct error *error)
{
    for (size_t i = 0; i < drift->old_survey.count; i++) {
        const char *name = drift->old_survey.tables[i].database;
        if (!pg_database_find(&drift->new_databases, name))
            note_database(drift, name, "old");
        else if (!drift_outside_read(&drift->old, &drift->new, name, &drift->outside, error))
            return false;
    }
    for (size_t i = 0; i < drift->new_databases.count; i++)
        if (!pg_database_find(&drift->old_survey.databases, drift->new_databases.items[i].name))
            note_database(drift, drift->new_databases.items[i].name, "new");
    return true;
}

static bool read_position(struct drift_run *drift, struct error *error)
{
    struct pg_connection *connection = server_open(&drift->old, error);
    bool read = connection && write_position_read(connection, &drift->position, error);
    pg_close(connection);
    drift->taken_ms = clock_wall_ms();
    const char *fenced = json_text(drift->fence, "xid");
    drift->moved = fenced && !text_equal(fenced, drift->position.xid);
    return read;
}

/* A digest that differs where no row does is one recorded too early or too late. Catching up
 * measures it anew; until then it's counted, as nothing may be lost silently. */
static void count_unexplained(struct table_difference *difference)
{
    struct difference_counts *counts = &difference->counts;
    if (difference->comparable && !difference->table.moved && !counts->missing && !counts->extra &&
        !counts->changed)
        counts->changed = 1;
}

static void sum_up(struct drift_run *drift)
{
    const struct difference_counts *objects = &drift->outside.large_objects;
    drift->inserted = objects->missing;
    drift->deleted = objects->extra;
    drift->updated = objects->changed;
    for (size_t i = 0; i < drift->differences.count; i++) {
        const struct difference_counts *counts = &drift->differences.items[i].counts;
        count_unexplained(&drift->differences.items[i]);
        drift->inserted += counts->missing;
        drift->deleted += counts->extra;
        drift->updated += counts->changed;
    }
    drift->rows = drift->inserted + drift->updated + drift->deleted;
}

static cJSON *list_of(const struct drift_run *drift)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < drift->differences.count && i < LISTED_MAX; i++) {
        const struct table_difference *difference = &drift->differences.items[i];
        cJSON *item = cJSON_CreateObject();
        cJSON_AddStringToObject(item, "database", difference->table.database);
        cJSON_AddStringToObject(item, "schema", difference->table.schema);
        cJSON_AddStringToObject(item, "table", difference->table.table);
        cJSON_AddNumberToObject(item, "inserted", (double)difference->counts.missing);
        cJSON_AddNumberToObject(item, "updated", (double)difference->counts.changed);
        cJSON_AddNumberToObject(item, "deleted", (double)difference->counts.extra);
        cJSON_AddItemToArray(list, item);
    }
    return list;
}

static void add_positions(const struct drift_run *drift, cJSON *fact)
{
    const cJSON *backup = step_known(drift->run, "backup");
    const char *lsn = json_text(backup, "lsn"), *xid = json_text(backup, "xid");
    if (lsn)
        cJSON_AddStringToObject(fact, "lsn_backup", lsn);
    if (xid)
        cJSON_AddStringToObject(fact, "xid_backup", xid);
    cJSON_AddStringToObject(fact, "lsn_now", drift->position.lsn);
    cJSON_AddStringToObject(fact, "xid_now", drift->position.xid);
}

static void record(const struct drift_run *drift)
{
    cJSON *fact = cJSON_CreateObject();
    cJSON_AddTrueToObject(fact, "exact");
    cJSON_AddBoolToObject(fact, "fenced", drift->fence && !drift->moved);
    cJSON_AddNumberToObject(fact, "tables", (double)drift->tables.count);
    cJSON_AddNumberToObject(fact, "rows", (double)drift->rows);
    cJSON_AddNumberToObject(fact, "changes", (double)drift->rows);
    cJSON_AddNumberToObject(fact, "inserted", (double)drift->inserted);
    cJSON_AddNumberToObject(fact, "updated", (double)drift->updated);
    cJSON_AddNumberToObject(fact, "deleted", (double)drift->deleted);
    cJSON_AddNumberToObject(fact, "sequences", (double)drift->outside.sequences);
    cJSON_AddNumberToObject(fact, "absent_sequences", (double)drift->outside.absent_sequences);
    if (drift->objects.known)
        cJSON_AddNumberToObject(fact, "objects", (double)drift->objects.count);
    if (drift->objects.names.count)
        cJSON_AddStringToObject(fact, "first_object", drift->objects.names.items[0]);
    cJSON_AddNumberToObject(fact, "databases", (double)drift->other_databases);
    add_positions(drift, fact);
    cJSON_AddNumberToObject(fact, "taken_ms", (double)drift->taken_ms);
    cJSON_AddItemToObject(fact, "list", list_of(drift));
    step_fact(drift->run, "drift", fact);
}

static void check_others(const struct drift_run *drift)
{
    for (size_t i = 0; i < drift->tables.other_count; i++) {
        const struct difference_table *table = &drift->tables.others[i];
        char *name = xprintf("%s: %s.%s", table->database, table->schema, table->table);
        step_check(drift->run, name, VERDICT_WARN,
                   "a materialised view, or a table that only one version of its extension has: no "
                   "row is lost");
        free(name);
    }
    for (size_t i = 0; i < drift->outside.examples.count; i++)
        step_check(drift->run, "outside of tables", VERDICT_WARN, "%s",
                   drift->outside.examples.items[i]);
    if (drift->outside.sequences || drift->outside.absent_sequences)
        step_check(drift->run, "sequences", VERDICT_WARN,
                   "%lld have another value than on the copy, %lld are on one server only",
                   drift->outside.sequences, drift->outside.absent_sequences);
}

#define OBJECTS_SHOWN 20

static void check_objects(const struct drift_run *drift)
{
    const struct drift_objects *objects = &drift->objects;
    for (size_t i = 0; i < objects->names.count && i < OBJECTS_SHOWN; i++)
        step_check(drift->run, "object", VERDICT_WARN, "%s", objects->names.items[i]);
    if (objects->known)
        step_check(drift->run, "objects", objects->count ? VERDICT_WARN : VERDICT_PASS,
                   objects->count ? "%zu were changed after the backup: the copy doesn't have that"
                                  : "%zu were changed after the backup",
                   objects->count);
}

static bool any_drift(const struct drift_run *drift)
{
    return drift->rows || drift->tables.count || drift->outside.sequences ||
           drift->outside.absent_sequences || drift->other_databases || drift->objects.count;
}

static void check_sum(const struct drift_run *drift)
{
    char rows[32];
    const cJSON *backup = step_known(drift->run, "backup");
    const char *lsn = json_text(backup, "lsn"), *xid = json_text(backup, "xid");
    char *since =
        xprintf("WAL %s then and %s now, transaction %s then and %s now", lsn ? lsn : "unknown",
                drift->position.lsn, xid ? xid : "unknown", drift->position.xid);
    if (drift->rows)
        step_check(drift->run, "written since the snapshot", VERDICT_WARN,
                   "%s rows in %zu tables: %lld inserted, %lld updated, %lld deleted (%s)",
                   text_grouped(rows, sizeof rows, drift->rows), drift->tables.count,
                   drift->inserted, drift->updated, drift->deleted, since);
    else
        step_check(drift->run, "written since the snapshot",
                   any_drift(drift) ? VERDICT_WARN : VERDICT_PASS,
                   "no row: every row of the old server is on the new one (%s)", since);
    free(since);
}

static bool check_fence(const struct drift_run *drift, struct error *error)
{
    if (!drift->fence) {
        step_check(drift->run, "fence", VERDICT_WARN,
                   "none is held: what is written from now on isn't in these numbers");
        return true;
    }
    if (!drift->moved) {
        step_check(drift->run, "fence", VERDICT_PASS,
                   "held: nothing was written since it was put up");
        return true;
    }
    step_check(drift->run, "fence", VERDICT_FAIL, "held, and yet something was written");
    error_set(error, ERROR_OTHER,
              "something was written under the fence, or took a transaction id: the next one is "
              "%s, it was %s",
              drift->position.xid, json_text(drift->fence, "xid"));
    return error_remedy(error, "Find out what still writes on the old server (pg_stat_activity). A "
                               "client that only reads takes an id too when it calls "
                               "txid_current() or pg_current_xact_id(), or sends NOTIFY: where "
                               "that can't be stopped, let no client reach the server (--set "
                               "fence=network, or mode: network of pg.fence). Then put the fence "
                               "up again and retry.");
}

static bool find_drift(struct drift_run *drift, struct error *error)
{
    drifted_tables_find(&drift->now, &drift->copy, &drift->tables);
    return differences_find(drift->run, &drift->old, &drift->new, drift->tables.items,
                            drift->tables.count, &drift->differences, error) &&
           read_new_databases(drift, error) && read_outside(drift, error) &&
           drift_objects_read(drift->run, &drift->old, &drift->objects, error) &&
           read_position(drift, error);
}

static bool report(struct drift_run *drift, struct error *error)
{
    sum_up(drift);
    check_sum(drift);
    if (!differences_report(drift->run, &drift->differences, VERDICT_WARN, difference_drift_words,
                            error))
        return false;
    check_others(drift);
    check_objects(drift);
    record(drift);
    return check_fence(drift, error) && written_base_store(drift->run, &drift->new, error) &&
           accepted_covers(drift->run, drift->rows, 0, error);
}

static void free_drift(struct drift_run *drift)
{
    differences_free(&drift->differences);
    drifted_tables_free(&drift->tables);
    drift_outside_free(&drift->outside);
    drift_objects_free(&drift->objects);
    row_counts_free(&drift->now);
    row_counts_free(&drift->copy);
    survey_free(&drift->old_survey);
    survey_free(&drift->new_survey);
    pg_database_list_free(&drift->new_databases);
    server_free(&drift->old);
    server_free(&drift->new);
}

static bool run_drift(struct step_run *run, struct error *error)
{
    const char *old = step_text(run, "old"), *new = step_text(run, "new");
    struct drift_run drift = {.run = run, .fence = fence_known(run, old)};
    if (server_not_yet(run, old) || server_not_yet(run, new))
        return true;
    bool done = server_find(run, old, &drift.old, error) &&
                server_find(run, new, &drift.new, error) && measure(&drift, error) &&
                find_drift(&drift, error) && report(&drift, error);
    free_drift(&drift);
    return done;
}

static const struct argument drift_arguments[] = {
    {"old", ARGUMENT_SERVER, true, NULL, NULL, "the old server, as it is now"},
    {"new", ARGUMENT_SERVER, true, NULL, NULL, "the new server with the proven copy"},
    {"connections", ARGUMENT_INTEGER, false, "4", NULL,
     "over how many connections each server is measured, at most"},
    {"accepted", ARGUMENT_TEXT, false, NULL, NULL, ACCEPTED_HELP},
    {NULL, ARGUMENT_TEXT, false, NULL, NULL, NULL},
};

const struct action pg_drift_action = {
    .name = "pg.drift",
    .danger = DANGER_READ,
    .help = "says exactly which rows the old server has that the new server's copy lacks",
    .arguments = drift_arguments,
    .run = run_drift,
};
