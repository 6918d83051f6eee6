/* drift.c: pg_stat_user_tables of all databases, summed or as it is. */
#include "postgres/drift.h"

#include "postgres/catalog.h"

#include <stdlib.h>

#define ANSWER_MS 5000

struct drift {
    struct pg_connection **connections;
    size_t count;
};

static const char counters_sql[] =
    "SELECT coalesce(sum(n_tup_ins), 0)::bigint, coalesce(sum(n_tup_upd), 0)::bigint, "
    "coalesce(sum(n_tup_del), 0)::bigint, "
    "(SELECT system_identifier FROM pg_catalog.pg_control_system()) "
    "FROM pg_catalog.pg_stat_user_tables";

static const char database_sql[] =
    "SELECT coalesce(extract(epoch FROM stats_reset)::pg_catalog.text, ''), xact_commit, "
    "(SELECT system_identifier FROM pg_catalog.pg_control_system()) "
    "FROM pg_catalog.pg_stat_database WHERE datname = pg_catalog.current_database()";

static const char tables_sql[] =
    "SELECT schemaname, relname, n_tup_ins, n_tup_upd, n_tup_del "
    "FROM pg_catalog.pg_stat_user_tables WHERE n_tup_ins + n_tup_upd + n_tup_del > 0";

static bool open_all(struct drift *drift, const struct pg_parameters *parameters,
                     const struct pg_database_list *databases, struct error *error)
{
    drift->connections = xcalloc(databases->count + 1, sizeof *drift->connections);
    for (size_t i = 0; i < databases->count; i++) {
        if (!databases->items[i].connectable || databases->items[i].template)
            continue;
        struct pg_parameters own = pg_parameters_for(parameters, databases->items[i].name);
        struct pg_connection *connection = pg_open(&own, 0, error);
        pg_parameters_free(&own);
        if (!connection)
            return false;
        pg_limit(connection, ANSWER_MS);
        drift->connections[drift->count++] = connection;
    }
    return true;
}

struct drift *drift_open(const struct pg_parameters *parameters, struct error *error)
{
    struct pg_database_list databases = {0};
    struct pg_connection *connection = pg_open(parameters, 0, error);
    struct drift *drift = xcalloc(1, sizeof *drift);
    bool opened = connection && catalog_databases(connection, &databases, error) &&
                  open_all(drift, parameters, &databases, error);
    pg_close(connection);
    pg_database_list_free(&databases);
    if (opened)
        return drift;
    drift_close(drift);
    return NULL;
}

bool drift_read(struct drift *drift, struct drift_counters *counters, struct error *error)
{
    *counters = (struct drift_counters){0};
    for (size_t i = 0; i < drift->count; i++) {
        PGresult *result = pg_query(drift->connections[i], counters_sql, 0, NULL, error);
        if (!result)
            return error_wrap(error, "reading the write counters");
        counters->inserted += pg_number(result, 0, 0);
        counters->updated += pg_number(result, 0, 1);
        counters->deleted += pg_number(result, 0, 2);
        text_copy(counters->system, sizeof counters->system, pg_field(result, 0, 3));
        PQclear(result);
    }
    return true;
}

static bool read_database(struct pg_connection *connection, struct write_counters *counters,
                          struct error *error)
{
    PGresult *result = pg_query(connection, database_sql, 0, NULL, error);
    if (!result)
        return false;
    if (PQntuples(result)) {
        write_counters_add_database(counters, pg_database(connection), pg_field(result, 0, 0),
                                    pg_number(result, 0, 1));
        text_copy(counters->system, sizeof counters->system, pg_field(result, 0, 2));
    }
    PQclear(result);
    return true;
}

static bool read_tables(struct pg_connection *connection, struct write_counters *counters,
                        struct error *error)
{
    PGresult *result = pg_query(connection, tables_sql, 0, NULL, error);
    if (!result)
        return false;
    for (int i = 0; i < PQntuples(result); i++) {
        const long long rows[] = {pg_number(result, i, 2), pg_number(result, i, 3),
                                  pg_number(result, i, 4)};
        write_counters_add(counters, pg_database(connection), pg_field(result, i, 0),
                           pg_field(result, i, 1), rows);
    }
    PQclear(result);
    return true;
}

bool drift_read_tables(struct drift *drift, struct write_counters *counters, struct error *error)
{
    *counters = (struct write_counters){0};
    for (size_t i = 0; i < drift->count; i++)
        if (!read_database(drift->connections[i], counters, error) ||
            !read_tables(drift->connections[i], counters, error))
            return error_wrap(error, "reading the write counters of database \"%s\"",
                              pg_database(drift->connections[i]));
    return true;
}

void drift_close(struct drift *drift)
{
    if (!drift)
        return;
    for (size_t i = 0; i < drift->count; i++)
        pg_close(drift->connections[i]);
    free(drift->connections);
    free(drift);
}
