/* pg_inventory.c: pg.inventory, which records what a server holds and counts every table's rows. */
#include "steps/actions.h"
#include "steps/pg_survey.h"

#include <string.h>

static const char *const column_names[] = {"snapshot", "new", "now", NULL};

static enum rows_column column_of(const char *name)
{
    enum rows_column column = ROWS_SNAPSHOT;
    for (int i = 0; column_names[i]; i++)
        if (text_equal(column_names[i], name))
            column = (enum rows_column)i;
    return column;
}

struct drift_sum {
    struct step_run *run;
    size_t tables, shown;
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

/* Against the backup's snapshot, when there is one. */
static void check_drift(struct step_run *run, struct row_counts *now)
{
    struct row_counts snapshot = {0};
    struct drift_sum sum = {.run = run};
    row_counts_known(run, ROWS_SNAPSHOT, &snapshot);
    if (snapshot.count) {
        row_counts_compare(&snapshot, now, found_drift, &sum);
        step_check(run, "written since the backup", sum.tables ? VERDICT_WARN : VERDICT_PASS,
                   "%zu tables have another number of rows than in the backup", sum.tables);
    }
    row_counts_free(&snapshot);
}

static bool take_inventory(struct step_run *run, const struct server_access *access,
                           struct survey *survey, struct error *error)
{
    struct row_counts counts = {0};
    enum rows_column column = column_of(step_text(run, "column"));
    if (!survey_read(access, survey, error))
        return false;
    survey_checks(run, survey);
    bool counted = survey_count(run, access, survey, column, &counts, error);
    if (counted && column == ROWS_NOW)
        check_drift(run, &counts);
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
     "column of the row counts that it fills"},
    {NULL, ARGUMENT_TEXT, false, NULL, NULL, NULL},
};

const struct action pg_inventory_action = {
    .name = "pg.inventory",
    .danger = DANGER_READ,
    .help = "records version, databases, extensions and the exact row count of every table",
    .arguments = inventory_arguments,
    .run = run_inventory,
};
