/* pg_catch_up.c: pg.catch_up, which brings over to the new server what the old one has taken since
 * the backup's snapshot. */
#include "steps/actions.h"
#include "steps/drift/catch_up_database.h"
#include "steps/drift/drifted_tables.h"
#include "steps/fence/fence_known.h"

#include "base/clock.h"
#include "base/json.h"

#include <stdlib.h>

struct catch_up {
    struct step_run *run;
    struct server_access old, new;
    struct survey survey;        /* of the old server */
    struct row_counts now, copy; /* columns NOW and NEW, as pg.drift recorded them */
    struct drifted_tables tables;
    struct catch_up_sums sums;
    size_t done; /* tables */
};

static bool not_fenced(const char *server, struct error *error)
{
    error_set(error, ERROR_OTHER,
              "no fence is held on server \"%s\": what is written while it's caught up would be "
              "lost",
              server);
    return error_remedy(error, "Put a step pg.fence before this one, or say fenced: any and stop "
                               "the application's writes yourself.");
}

static bool no_drift_taken(const char *server, struct error *error)
{
    error_set(error, ERROR_OTHER, "it isn't known what was written on server \"%s\"", server);
    return error_remedy(error, "A step pg.drift has to come before this one.");
}

static bool schema_changed(const char *what, struct error *error)
{
    error_set(error, ERROR_OTHER, "the schema was changed after the backup: %s", what);
    return error_remedy(error, "Rows can be caught up, tables and databases can't: roll back, and "
                               "begin again with a new backup.");
}

static bool objects_changed(const cJSON *drift, struct error *error)
{
    double count = json_number_at(drift, "objects");
    const char *first = json_text(drift, "first_object");
    char *what = xprintf("%.0f object%s, such as %s", count, count == 1 ? "" : "s",
                         first ? first : "those that the drift's checks name");
    schema_changed(what, error);
    free(what);
    return false;
}

static bool may_catch_up(const struct step_run *run, struct error *error)
{
    const char *old = step_text(run, "old");
    const cJSON *drift = step_known(run, "drift");
    if (text_equal(step_text(run, "fenced"), "required") && !fence_known(run, old))
        return not_fenced(old, error);
    if (!json_true_at(drift, "exact"))
        return no_drift_taken(old, error);
    if (json_number_at(drift, "objects") > 0)
        return objects_changed(drift, error);
    if (json_number_at(drift, "databases") > 0)
        return schema_changed("a database was created or dropped", error);
    return true;
}

/* A table that one server lacks was created, dropped or renamed; one with other parents attached or
 * detached. */
static bool check_tables(const struct catch_up *work, struct error *error)
{
    for (size_t i = 0; i < work->tables.count; i++) {
        const struct difference_table *table = &work->tables.items[i];
        if (table->old_rows >= 0 && table->new_rows >= 0 && !table->moved)
            continue;
        char *what = xprintf("%s: %s.%s is %s", table->database, table->schema, table->table,
                             table->moved          ? "a partition or a child of other tables now"
                             : table->old_rows < 0 ? "on the new server only"
                                                   : "on the old server only");
        schema_changed(what, error);
        free(what);
        return false;
    }
    return true;
}

/* What pg.drift recorded goes with the old server's catalog. */
static void take_known(struct catch_up *work)
{
    for (size_t i = 0; i < work->now.count; i++) {
        const struct row_count *count = &work->now.items[i];
        struct pg_table *table =
            drifted_tables_in(&work->survey, count->database, count->schema, count->table);
        if (!table)
            continue;
        table->rows = count->rows;
        text_copy(table->digest, sizeof table->digest, count->digest);
    }
}

static const struct pg_table **tables_of(const struct catch_up *work, const char *database,
                                         const struct difference_table *tables, size_t count,
                                         size_t *found)
{
    const struct pg_table **list = xcalloc(count + 1, sizeof *list);
    *found = 0;
    for (size_t i = 0; i < count; i++) {
        const struct pg_table *table =
            text_equal(tables[i].database, database)
                ? drifted_tables_in(&work->survey, database, tables[i].schema, tables[i].table)
                : NULL;
        if (table)
            list[(*found)++] = table;
    }
    return list;
}

static size_t only_views(const struct pg_table **tables, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (tables[i]->kind == TABLE_MATERIALISED)
            tables[kept++] = tables[i];
    return kept;
}

static bool catch_up_one(struct catch_up *work, const char *database, struct error *error)
{
    struct catch_up_database one = {.run = work->run,
                                    .old = &work->old,
                                    .new = &work->new,
                                    .database = database,
                                    .done = work->done,
                                    .total = work->tables.count};
    one.tables = tables_of(work, database, work->tables.items, work->tables.count, &one.count);
    one.views =
        tables_of(work, database, work->tables.others, work->tables.other_count, &one.view_count);
    one.view_count = only_views(one.views, one.view_count);
    bool done = catch_up_database(&one, &work->sums, error);
    work->done = one.done;
    free(one.tables);
    free(one.views);
    return done;
}

static void report(const struct catch_up *work, int64_t began_ms)
{
    char rows[32];
    const struct catch_up_sums *sums = &work->sums;
    double ms = (double)(clock_monotonic_ms() - began_ms);
    cJSON *fact = cJSON_CreateObject();
    cJSON_AddNumberToObject(fact, "tables", (double)sums->tables);
    cJSON_AddNumberToObject(fact, "rows", (double)sums->rows);
    cJSON_AddNumberToObject(fact, "sequences", (double)sums->sequences);
    cJSON_AddNumberToObject(fact, "large_objects", (double)sums->large_objects);
    cJSON_AddNumberToObject(fact, "views", (double)sums->views);
    cJSON_AddNumberToObject(fact, "ms", ms);
    step_fact(work->run, "catch_up", fact);
    step_progress(work->run, (double)work->done, (double)work->done, "tables", NULL);
    step_check(work->run, "caught up", VERDICT_PASS,
               "%zu tables (%zu as a whole), %s rows removed or copied, %zu large objects, %zu "
               "sequences, %zu materialised views; each table is equal on both servers",
               sums->tables, sums->whole, text_grouped(rows, sizeof rows, sums->rows),
               sums->large_objects, sums->sequences, sums->views);
}

static bool catch_up_all(struct catch_up *work, struct error *error)
{
    int64_t began = clock_monotonic_ms();
    row_counts_known(work->run, ROWS_NOW, &work->now);
    row_counts_known(work->run, ROWS_NEW, &work->copy);
    if (!survey_read(&work->old, &work->survey, error))
        return false;
    take_known(work);
    drifted_tables_find(&work->now, &work->copy, &work->tables);
    if (!check_tables(work, error))
        return false;
    for (size_t i = 0; i < work->survey.count; i++)
        if (!catch_up_one(work, work->survey.tables[i].database, error))
            return false;
    report(work, began);
    return true;
}

static void free_catch_up(struct catch_up *work)
{
    drifted_tables_free(&work->tables);
    row_counts_free(&work->now);
    row_counts_free(&work->copy);
    survey_free(&work->survey);
    server_free(&work->old);
    server_free(&work->new);
}

static bool run_catch_up(struct step_run *run, struct error *error)
{
    struct catch_up work = {.run = run};
    bool done =
        may_catch_up(run, error) && server_find(run, step_text(run, "old"), &work.old, error) &&
        server_find(run, step_text(run, "new"), &work.new, error) && catch_up_all(&work, error);
    free_catch_up(&work);
    return done;
}

static const char *const fenced_choices[] = {"required", "any", NULL};

static const struct argument catch_up_arguments[] = {
    {"old", ARGUMENT_SERVER, true, NULL, NULL, "the old server, as pg.drift has measured it"},
    {"new", ARGUMENT_SERVER, true, NULL, NULL, "the new server, which gets what it lacks"},
    {"fenced", ARGUMENT_ENUM, false, "required", fenced_choices,
     "required: only while a fence keeps the old server from being written to; any: without one "
     "too"},
    {NULL, ARGUMENT_TEXT, false, NULL, NULL, NULL},
};

const struct action pg_catch_up_action = {
    .name = "pg.catch_up",
    .danger = DANGER_CHANGE,
    .help = "copies the rows, sequence values and large objects again that changed after the "
            "backup's snapshot, and proves every table that it touched",
    .arguments = catch_up_arguments,
    .run = run_catch_up,
};
