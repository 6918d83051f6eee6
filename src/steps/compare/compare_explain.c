/* compare_explain.c: the differing tables of a comparison, row by row, where the old server still
 * has the rows that were compared. */
#include "steps/compare/compare_explain.h"

#include "postgres/digest.h"
#include "steps/drift/drifted_tables.h"

#include <stdlib.h>
#include <string.h>

/* What the old server has now, one database after the other. */
struct looking {
    struct step_run *run;
    const struct compare_explain *comparison;
    struct survey survey;
    struct pg_connection *connection; /* of the database looked at last */
};

static bool open_database(struct looking *looking, const char *database, struct error *error)
{
    if (looking->connection && text_equal(pg_database(looking->connection), database))
        return true;
    pg_close(looking->connection);
    looking->connection = difference_open(looking->comparison->old, database, error);
    return looking->connection != NULL;
}

static const struct row_count *known(const struct row_counts *counts,
                                     const struct difference_table *table)
{
    for (size_t i = 0; i < counts->count; i++)
        if (!strcmp(counts->items[i].database, table->database) &&
            !strcmp(counts->items[i].schema, table->schema) &&
            !strcmp(counts->items[i].table, table->table))
            return &counts->items[i];
    return NULL;
}

static bool same_as_known(struct looking *looking, struct pg_table *now,
                          const struct row_count *before, bool *same, struct error *error)
{
    struct text sql = {0};
    bool asked = digest_statement(looking->connection, now, 0, &sql, error);
    PGresult *result =
        asked ? pg_query(looking->connection, text_string(&sql), 0, NULL, error) : NULL;
    *same = result && pg_number(result, 0, 1) == before->rows &&
            digest_same_rows(pg_field(result, 0, 2), before->digest);
    PQclear(result);
    text_free(&sql);
    return result != NULL;
}

/* Whether the old server's table still is what the snapshot held. */
static bool unwritten(struct looking *looking, const struct difference_table *table, bool *same,
                      struct error *error)
{
    const struct row_count *before = known(looking->comparison->before, table);
    struct pg_table *now =
        drifted_tables_in(&looking->survey, table->database, table->schema, table->table);
    *same = !before || table->new_rows < 0;
    if (*same)
        return true;
    return !now || (open_database(looking, table->database, error) &&
                    same_as_known(looking, now, before, same, error));
}

/* Leaves the tables in the list that can be looked into, and says of the others why not. */
static bool keep_unwritten(struct looking *looking, struct drifted_tables *tables,
                           struct error *error)
{
    size_t kept = 0;
    if (!survey_read(looking->comparison->old, &looking->survey, error))
        return false;
    for (size_t i = 0; i < tables->count; i++) {
        bool same = false;
        const struct difference_table *table = &tables->items[i];
        if (!unwritten(looking, table, &same, error))
            return false;
        if (same)
            tables->items[kept++] = *table;
        else
            step_log(looking->run,
                     "%s: %s.%s was written to on the old server after the snapshot: its rows "
                     "can't be told apart any more",
                     table->database, table->schema, table->table);
    }
    tables->count = kept;
    return true;
}

void compare_explain(struct step_run *run, const struct compare_explain *comparison)
{
    struct error error = ERROR_INIT;
    struct drifted_tables tables;
    struct looking looking = {.run = run, .comparison = comparison};
    drifted_tables_find(comparison->before, comparison->after, &tables);
    if (tables.count > DIFFERENCE_TABLES_MAX)
        tables.count = DIFFERENCE_TABLES_MAX;
    bool explained = (comparison->live || keep_unwritten(&looking, &tables, &error)) &&
                     difference_explain(run, comparison->old, comparison->new, tables.items,
                                        tables.count, &error);
    if (!explained)
        step_log(run, "the differing rows couldn't be looked at: %s", error.message);
    pg_close(looking.connection);
    survey_free(&looking.survey);
    drifted_tables_free(&tables);
}
