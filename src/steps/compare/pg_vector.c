/* pg_vector.c: pg.vector_check, which runs a similarity query on every vector column. */
#include "steps/actions.h"
#include "steps/compare/pg_survey.h"

#include "base/json.h"
#include "postgres/vector.h"

#include <stdlib.h>

static bool check_column(struct step_run *run, struct pg_connection *connection,
                         const struct vector_column *column, struct error *error)
{
    struct vector_answer answer;
    char *name = xprintf("%s: %s.%s.%s", pg_database(connection), column->schema, column->table,
                         column->column);
    bool asked = vector_query(connection, column, &answer, error);
    if (!asked)
        step_check(run, name, VERDICT_FAIL, "%s", error->message);
    else if (!answer.rows)
        step_check(run, name, VERDICT_PASS, "%s: the query runs, the table holds no vector yet",
                   column->type);
    else if (*column->index && !answer.by_index)
        step_check(run, name, VERDICT_WARN, "%s: %ld nearest found, but not by its index %s",
                   column->type, answer.rows, column->index);
    else
        step_check(run, name, VERDICT_PASS, "%s: %ld nearest found by %s%s", column->type,
                   answer.rows, answer.by_index ? "index " : "a scan, there is no index",
                   answer.by_index ? column->index : "");
    free(name);
    return asked;
}

static bool check_database(struct step_run *run, const struct server_access *access,
                           const char *database, size_t *found, struct error *error)
{
    struct vector_columns columns = {0};
    struct pg_connection *connection = server_open_database(access, database, error);
    bool done = connection && vector_columns(connection, &columns, error);
    for (size_t i = 0; done && i < columns.count; i++)
        done = check_column(run, connection, &columns.items[i], error);
    *found += columns.count;
    vector_columns_free(&columns);
    pg_close(connection);
    return done || error_wrap(error, "database \"%s\"", database);
}

static bool check_all(struct step_run *run, const struct server_access *access,
                      const struct pg_database_list *databases, size_t *found, struct error *error)
{
    for (size_t i = 0; i < databases->count; i++) {
        step_progress(run, (double)i, (double)databases->count, "databases",
                      databases->items[i].name);
        if (databases->items[i].connectable &&
            !check_database(run, access, databases->items[i].name, found, error))
            return false;
    }
    step_progress(run, (double)databases->count, (double)databases->count, "databases", NULL);
    return true;
}

/* Columns that the other server was recorded with. */
static bool as_many_as(struct step_run *run, const char *server, size_t found, struct error *error)
{
    double expected = 0;
    const cJSON *count, *known = server ? survey_known(run, server) : NULL;
    cJSON_ArrayForEach(count, cJSON_GetObjectItemCaseSensitive(known, "vectors"))
    {
        expected += count->valuedouble;
    }
    if ((double)found >= expected)
        return true;
    error_set(error, ERROR_OTHER, "%zu vector columns found, server \"%s\" has %.0f", found, server,
              expected);
    return error_remedy(error, "The restore lacks tables: look at its log (logs/restore-*.log). A "
                               "plain postgres image instead of pgvector/pgvector is the usual "
                               "cause.");
}

static bool run_vector_check(struct step_run *run, struct error *error)
{
    size_t found = 0;
    struct server_access access = {0};
    struct pg_database_list databases = {0};
    if (server_not_yet(run, step_text(run, "server")))
        return true;
    struct pg_connection *connection = server_open_argument(run, "server", &access, error);
    bool done = connection && catalog_databases(connection, &databases, error);
    pg_close(connection);
    done = done && check_all(run, &access, &databases, &found, error) &&
           as_many_as(run, step_text(run, "expect_from"), found, error);
    if (done && !found)
        step_check(run, "vector columns", VERDICT_PASS, "there are none");
    pg_database_list_free(&databases);
    server_free(&access);
    return done;
}

static const struct argument vector_check_arguments[] = {
    {"server", ARGUMENT_SERVER, true, NULL, NULL, "the server to ask"},
    {"expect_from", ARGUMENT_SERVER, false, NULL, NULL,
     "the server whose vector columns all have to be there"},
    {NULL, ARGUMENT_TEXT, false, NULL, NULL, NULL},
};

const struct action pg_vector_check_action = {
    .name = "pg.vector_check",
    .danger = DANGER_READ,
    .help = "runs a similarity query on every vector column of every database",
    .arguments = vector_check_arguments,
    .run = run_vector_check,
};
