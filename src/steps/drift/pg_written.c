/* pg_written.c: pg.written, the price of a rollback: what was written on the new server since the
 * switch, which the old one doesn't have. */
#include "steps/actions.h"
#include "steps/drift/written_tables.h"
#include "steps/evidence.h"
#include "steps/parity/objects_parity.h"

#include "base/clock.h"

#include <stdlib.h>

#define LISTED_MAX 50
#define SHOWN_MAX 20

static long long rows_of(const struct written_table *table)
{
    return table->inserted + table->updated + table->deleted;
}

static cJSON *item_of(const struct written_table *table)
{
    cJSON *item = cJSON_CreateObject();
    cJSON_AddStringToObject(item, "database", table->database);
    cJSON_AddStringToObject(item, "schema", table->schema);
    cJSON_AddStringToObject(item, "table", table->name);
    cJSON_AddNumberToObject(item, "rows", (double)rows_of(table));
    cJSON_AddNumberToObject(item, "inserted", (double)table->inserted);
    cJSON_AddNumberToObject(item, "updated", (double)table->updated);
    cJSON_AddNumberToObject(item, "deleted", (double)table->deleted);
    cJSON_AddBoolToObject(item, "exact", table->exact);
    return item;
}

/* What no number of rows tells: roles, functions and the like, where it is on record what there was
 * at the switch; a table is told by its rows. The caller frees; NULL when there is nothing. */
static bool find_objects(struct step_run *run, const struct server_access *access, char **words,
                         struct error *error)
{
    struct object_changes changes = {0};
    char system[32];
    *words = NULL;
    if (!step_known(run, FACT_OBJECTS_SWITCHED))
        return true;
    struct pg_connection *connection = server_open(access, error);
    bool done = connection && objects_system(connection, system, error);
    pg_close(connection);
    if (!done || !objects_recorded_of(run, FACT_OBJECTS_SWITCHED, system))
        return done;
    done = objects_changed_since(run, FACT_OBJECTS_SWITCHED, access, &changes, error);
    size_t count = changes.count + changes.rewritten.count;
    for (size_t i = 0; i < changes.names.count && i < SHOWN_MAX; i++)
        step_check(run, "since the switch", VERDICT_WARN, "%s", changes.names.items[i]);
    for (size_t i = 0; i < changes.rewritten.count && i < SHOWN_MAX; i++)
        step_check(run, "since the switch", VERDICT_WARN, "%s", changes.rewritten.items[i]);
    if (done && count > changes.of_tables)
        *words = xprintf("besides rows %zu other object%s made or changed since the switch: %s%s",
                         count, count == 1 ? " was" : "s were",
                         changes.count ? changes.names.items[0] : changes.rewritten.items[0],
                         count > 1 ? "..." : "");
    object_changes_free(&changes);
    return done;
}

static void record(struct step_run *run, const struct written_tables *written, long long rows,
                   const char *objects)
{
    cJSON *fact = cJSON_CreateObject();
    cJSON_AddNumberToObject(fact, "rows", (double)rows);
    cJSON_AddNumberToObject(fact, "tables", (double)written->count);
    cJSON_AddNumberToObject(fact, "inserted", (double)written->inserted);
    cJSON_AddNumberToObject(fact, "updated", (double)written->updated);
    cJSON_AddNumberToObject(fact, "deleted", (double)written->deleted);
    cJSON_AddBoolToObject(fact, "exact", written->exact);
    cJSON_AddNumberToObject(fact, "taken_ms", (double)clock_wall_ms());
    if (objects)
        cJSON_AddStringToObject(fact, "unknown", objects);
    cJSON *list = cJSON_AddArrayToObject(fact, "list");
    for (size_t i = 0; i < written->count && i < LISTED_MAX; i++)
        cJSON_AddItemToArray(list, item_of(&written->items[i]));
    step_fact(run, "price", fact);
}

static void check_table(struct step_run *run, const struct written_table *table)
{
    char *name = xprintf("%s: %s.%s", table->database, table->schema, table->name);
    if (table->gone)
        step_check(run, name, VERDICT_WARN, "the table was dropped, with %lld rows",
                   table->deleted);
    else
        step_check(run, name, VERDICT_WARN, "%lld inserted, %lld updated, %lld deleted%s",
                   table->inserted, table->updated, table->deleted,
                   table->exact ? ""
                                : " (at least as many rows; how they are divided is by the "
                                  "server's counters)");
    free(name);
}

static bool write_evidence(struct step_run *run, const struct written_tables *written,
                           struct error *error)
{
    struct text lines = {0};
    text_add(&lines, "database\tschema\ttable\tinserted\tupdated\tdeleted\texact\n");
    for (size_t i = 0; i < written->count; i++) {
        const struct written_table *table = &written->items[i];
        evidence_field(&lines, table->database);
        evidence_field(&lines, table->schema);
        evidence_field(&lines, table->name);
        text_printf(&lines, "%lld\t%lld\t%lld\t%s\n", table->inserted, table->updated,
                    table->deleted, table->exact ? "yes" : "no");
    }
    bool done = evidence_write(run, "written", &lines, error);
    text_free(&lines);
    return done;
}

static bool report(struct step_run *run, const struct written_tables *written, const char *objects,
                   struct error *error)
{
    char number[32];
    long long rows = written->inserted + written->updated + written->deleted;
    for (size_t i = 0; i < written->count && i < SHOWN_MAX; i++)
        check_table(run, &written->items[i]);
    step_check(run, "written since the switch", rows ? VERDICT_WARN : VERDICT_PASS,
               rows ? "%s rows in %zu tables, which the old server doesn't have"
                    : "%s rows in %zu tables: a way back loses none",
               text_grouped(number, sizeof number, rows), written->count);
    record(run, written, rows, objects);
    return write_evidence(run, written, error);
}

static bool run_written(struct step_run *run, struct error *error)
{
    struct server_access access = {0};
    struct written_tables written = {0};
    char *objects = NULL;
    if (server_not_yet(run, step_text(run, "server")))
        return true;
    bool done = server_find(run, step_text(run, "server"), &access, error) &&
                written_tables_read(run, &access, &written, error) &&
                find_objects(run, &access, &objects, error) &&
                report(run, &written, objects, error);
    free(objects);
    written_tables_free(&written);
    server_free(&access);
    return done;
}

static const struct argument written_arguments[] = {
    {"server", ARGUMENT_SERVER, true, NULL, NULL, "the new server, which clients use"},
    {"connections", ARGUMENT_INTEGER, false, "4", NULL,
     "over how many connections it's measured, at most"},
    {NULL, ARGUMENT_TEXT, false, NULL, NULL, NULL},
};

const struct action pg_written_action = {
    .name = "pg.written",
    .danger = DANGER_READ,
    .help = "counts what was written on the new server since the switch: what a rollback loses",
    .arguments = written_arguments,
    .run = run_written,
};
