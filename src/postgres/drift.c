/* drift.c: sums of pg_stat_user_tables over all databases. */
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

void drift_close(struct drift *drift)
{
    if (!drift)
        return;
    for (size_t i = 0; i < drift->count; i++)
        pg_close(drift->connections[i]);
    free(drift->connections);
    free(drift);
}
