/* pg_analyze.c: pg.analyze, which gathers the statistics that a restore doesn't bring. */
#include "steps/actions.h"
#include "steps/server/server.h"

#include "postgres/catalog.h"

static bool analyze_database(const struct server_access *access, const char *database,
                             struct error *error)
{
    struct pg_parameters parameters = pg_parameters_for(&access->parameters, database);
    struct pg_connection *connection = pg_open_plain(&parameters, 0, error);
    bool done = connection && pg_execute(connection, "SET statement_timeout = 0", error) &&
                pg_execute(connection, "ANALYZE", error);
    pg_close(connection);
    pg_parameters_free(&parameters);
    return done || error_wrap(error, "ANALYZE in database \"%s\"", database);
}

static bool analyze_all(struct step_run *run, const struct server_access *access,
                        const struct pg_database_list *databases, struct error *error)
{
    for (size_t i = 0; i < databases->count; i++) {
        step_progress(run, (double)i, (double)databases->count, "databases",
                      databases->items[i].name);
        if (databases->items[i].connectable &&
            !analyze_database(access, databases->items[i].name, error))
            return false;
    }
    step_progress(run, (double)databases->count, (double)databases->count, "databases", NULL);
    step_check(run, "statistics", VERDICT_PASS, "gathered in %zu databases", databases->count);
    return true;
}

static bool run_analyze(struct step_run *run, struct error *error)
{
    struct server_access access = {0};
    struct pg_database_list databases = {0};
    struct pg_connection *connection = server_open_argument(run, "server", &access, error);
    bool done = connection && catalog_databases(connection, &databases, error);
    pg_close(connection);
    done = done && analyze_all(run, &access, &databases, error);
    pg_database_list_free(&databases);
    server_free(&access);
    return done;
}

static const struct argument analyze_arguments[] = {
    {"server", ARGUMENT_SERVER, true, NULL, NULL, "the restored server"},
    {NULL, ARGUMENT_TEXT, false, NULL, NULL, NULL},
};

const struct action pg_analyze_action = {
    .name = "pg.analyze",
    .danger = DANGER_CHANGE,
    .help = "runs ANALYZE in every database, so that the new server plans well from the start",
    .arguments = analyze_arguments,
    .run = run_analyze,
};
