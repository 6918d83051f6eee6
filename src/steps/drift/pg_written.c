/* pg_written.c: pg.written, the price of a rollback: what was written on the new server since the
 * switch, which the old one doesn't have. */
#include "steps/actions.h"
#include "steps/drift/written_tables.h"
#include "steps/evidence.h"

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

static void record(struct step_run *run, const struct written_tables *written, long long rows)
{
    cJSON *fact = cJSON_CreateObject();
    cJSON_AddNumberToObject(fact, "rows", (double)rows);
    cJSON_AddNumberToObject(fact, "tables", (double)written->count);
    cJSON_AddNumberToObject(fact, "inserted", (double)written->inserted);
    cJSON_AddNumberToObject(fact, "updated", (double)written->updated);
    cJSON_AddNumberToObject(fact, "deleted", (double)written->deleted);
    cJSON_AddBoolToObject(fact, "exact", written->exact);
    cJSON_AddNumberToObject(fact, "taken_ms", (double)clock_wall_ms());
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

static bool report(struct step_run *run, const struct written_tables *written, struct error *error)
{
    char number[32];
    long long rows = written->inserted + written->updated + written->deleted;
    for (size_t i = 0; i < written->count && i < SHOWN_MAX; i++)
        check_table(run, &written->items[i]);
    step_check(run, "written since the switch", rows ? VERDICT_WARN : VERDICT_PASS,
               rows ? "%s rows in %zu tables, which the old server doesn't have"
                    : "%s rows in %zu tables: a way back loses none",
               text_grouped(number, sizeof number, rows), written->count);
    record(run, written, rows);
    return write_evidence(run, written, error);
}

static bool run_written(struct step_run *run, struct error *error)
{
    struct server_access access = {0};
    struct written_tables written = {0};
    if (server_not_yet(run, step_text(run, "server")))
        return true;
    bool done = server_find(run, step_text(run, "server"), &access, error) &&
                written_tables_read(run, &access, &written, error) && report(run, &written, error);
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
