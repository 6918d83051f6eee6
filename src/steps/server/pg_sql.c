/* pg_sql.c: pg.sql, one statement of the runbook's own. */
#include "steps/actions.h"
#include "steps/server/server.h"

#define ROWS_SHOWN 20

static void show(struct step_run *run, const PGresult *result)
{
    int rows = PQntuples(result);
    for (int row = 0; row < rows && row < ROWS_SHOWN; row++) {
        struct text line = {0};
        for (int column = 0; column < PQnfields(result); column++)
            text_printf(&line, "%s%s", column ? " | " : "", pg_field(result, row, column));
        step_log(run, "%s", text_string(&line));
        text_free(&line);
    }
    if (rows > ROWS_SHOWN)
        step_log(run, "and %d more rows", rows - ROWS_SHOWN);
}

static bool as_expected(struct step_run *run, const PGresult *result, struct error *error)
{
    const char *expected = step_text(run, "expect");
    const char *value = PQntuples(result) && PQnfields(result) ? pg_field(result, 0, 0) : NULL;
    if (!expected) {
        step_check(run, "statement", VERDICT_PASS, "%d rows, %s", PQntuples(result),
                   PQcmdStatus((PGresult *)result));
        return true;
    }
    bool equal = text_equal(value, expected);
    step_check(run, "answer", equal ? VERDICT_PASS : VERDICT_FAIL, "%s, expected %s",
               value ? value : "no row", expected);
    return equal ||
           error_set(error, ERROR_OTHER, "the statement gave %s%s%s, expected was \"%s\"",
                     value ? "\"" : "", value ? value : "no row", value ? "\"" : "", expected);
}

static bool run_sql(struct step_run *run, struct error *error)
{
    struct server_access access = {0};
    const char *database = step_text(run, "database");
    bool found = server_find(run, step_text(run, "server"), &access, error);
    struct pg_parameters parameters = {0};
    if (found)
        parameters =
            pg_parameters_for(&access.parameters, database ? database : access.parameters.database);
    struct pg_connection *connection = found ? pg_open_plain(&parameters, 0, error) : NULL;
    PGresult *result =
        connection ? pg_query(connection, step_text(run, "query"), 0, NULL, error) : NULL;
    if (result)
        show(run, result);
    bool done = result && as_expected(run, result, error);
    PQclear(result);
    pg_close(connection);
    pg_parameters_free(&parameters);
    server_free(&access);
    return done;
}

static const struct argument sql_arguments[] = {
    {"server", ARGUMENT_SERVER, true, NULL, NULL, "the server to run it on"},
    {"database", ARGUMENT_TEXT, false, NULL, NULL, "the database, by default the server's"},
    {"query", ARGUMENT_TEXT, true, NULL, NULL, "one SQL statement"},
    {"expect", ARGUMENT_TEXT, false, NULL, NULL,
     "what the first column of the first row has to be"},
    {NULL, ARGUMENT_TEXT, false, NULL, NULL, NULL},
};

const struct action pg_sql_action = {
    .name = "pg.sql",
    .danger = DANGER_CHANGE,
    .help = "runs one SQL statement and compares its first value",
    .arguments = sql_arguments,
    .run = run_sql,
};
