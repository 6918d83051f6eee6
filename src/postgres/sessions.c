/* sessions.c: pg_stat_activity, read and acted on with one and the same condition. */
#include "postgres/sessions.h"

#include <stdio.h>
#include <stdlib.h>

/* A background worker that isn't PostgreSQL's own.
 * Source: PostgreSQL manual, "pg_stat_activity", backend_type, up to version 18. */
#define IS_EXTENSIONS                                                                              \
    "a.backend_type NOT IN ('client backend', 'walsender', 'parallel worker', "                    \
    "'autovacuum launcher', 'autovacuum worker', 'background writer', 'checkpointer', "            \
    "'walwriter', 'startup', 'walreceiver', 'archiver', 'stats collector', 'logger', "             \
    "'io worker', 'walsummarizer', 'slotsync worker', 'standalone backend') "                      \
    "AND a.backend_type NOT LIKE 'logical replication%' "

/* $1: a time, or NULL for any session. An extension's worker counts only when its transaction began
 * before that time: it may still write then, whatever the settings say since. One that has none
 * under way isn't ended, as not every one is started anew by the server. */
#define FOREIGN                                                                                    \
    "FROM pg_catalog.pg_stat_activity AS a, "                                                      \
    "(SELECT client_addr FROM pg_catalog.pg_stat_activity "                                        \
    "WHERE pid = pg_catalog.pg_backend_pid()) AS own "                                             \
    "WHERE a.pid <> pg_catalog.pg_backend_pid() "                                                  \
    "AND (a.backend_type IN ('client backend', 'walsender') "                                      \
    "AND NOT (a.application_name = 'pgrunbook' "                                                   \
    "AND a.client_addr IS NOT DISTINCT FROM own.client_addr) "                                     \
    "AND ($1::timestamptz IS NULL OR a.backend_start < $1::timestamptz) "                          \
    "OR a.xact_start < $1::timestamptz AND " IS_EXTENSIONS ")"

static const char list_sql[] =
    "SELECT pg_catalog.format('%s@%s from %s%s', coalesce(a.usename, '?'), "
    "coalesce(a.datname, a.backend_type), coalesce(pg_catalog.host(a.client_addr), 'inside'), "
    "CASE WHEN a.application_name = '' THEN '' ELSE ' (' || a.application_name || ')' END), "
    "a.backend_xid IS NOT NULL, coalesce(pg_catalog.host(a.client_addr), '') " FOREIGN
    " ORDER BY 2 DESC, 1";

static const char end_sql[] =
    "SELECT pg_catalog.count(pg_catalog.pg_terminate_backend(a.pid)) " FOREIGN;

static const char busy_sql[] =
    "SELECT pg_catalog.string_agg(pg_catalog.format('%s@%s', coalesce(a.usename, '?'), a.datname), "
    "', ') " FOREIGN " AND a.backend_type = 'client backend' "
    "AND ((a.state = 'active' AND a.query_start < pg_catalog.clock_timestamp() "
    "- $2 * interval '1 millisecond') OR (a.backend_xid IS NOT NULL AND a.xact_start < "
    "pg_catalog.clock_timestamp() - $2 * interval '1 millisecond'))";

bool sessions_read(struct pg_connection *connection, const char *before, struct session_list *list,
                   struct error *error)
{
    *list = (struct session_list){0};
    PGresult *result = pg_query(connection, list_sql, 1, &before, error);
    if (!result)
        return error_wrap(error, "listing the sessions");
    int rows = PQntuples(result);
    list->items = xcalloc((size_t)rows + 1, sizeof *list->items);
    for (int row = 0; row < rows; row++)
        list->items[list->count++] = (struct session){.name = xstrdup(pg_field(result, row, 0)),
                                                      .writing = pg_true(result, row, 1),
                                                      .address = xstrdup(pg_field(result, row, 2))};
    PQclear(result);
    return true;
}

void session_list_free(struct session_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].name);
        free(list->items[i].address);
    }
    free(list->items);
    *list = (struct session_list){0};
}

void session_list_describe(const struct session_list *list, size_t limit, struct text *output)
{
    for (size_t i = 0; i < list->count && i < limit; i++)
        text_printf(output, "%s%s", i ? ", " : "", list->items[i].name);
    if (list->count > limit)
        text_printf(output, " and %zu more", list->count - limit);
}

bool sessions_busy(struct pg_connection *connection, long longer_than_ms, struct text *names,
                   struct error *error)
{
    char age[24];
    snprintf(age, sizeof age, "%ld", longer_than_ms);
    const char *const values[] = {NULL, age};
    PGresult *result = pg_query(connection, busy_sql, 2, values, error);
    if (!result)
        return error_wrap(error, "looking for long statements");
    text_add(names, pg_field(result, 0, 0));
    PQclear(result);
    return true;
}

bool sessions_end(struct pg_connection *connection, const char *before, long *count,
                  struct error *error)
{
    PGresult *result = pg_query(connection, end_sql, 1, &before, error);
    if (!result)
        return error_wrap(error, "ending sessions");
    *count = (long)pg_number(result, 0, 0);
    PQclear(result);
    return true;
}

bool sessions_end_autovacuum(struct pg_connection *connection, struct error *error)
{
    return pg_execute(connection,
                      "SELECT pg_catalog.pg_terminate_backend(pid) "
                      "FROM pg_catalog.pg_stat_activity WHERE backend_type = 'autovacuum worker'",
                      error);
}

char *sessions_now(struct pg_connection *connection, struct error *error)
{
    return pg_value(connection, "SELECT pg_catalog.clock_timestamp()::text", error);
}

static const char workers_sql[] =
    "SELECT coalesce(pg_catalog.string_agg(DISTINCT a.backend_type, ', '), '') "
    "FROM pg_catalog.pg_stat_activity AS a WHERE " IS_EXTENSIONS;

bool sessions_foreign_workers(struct pg_connection *connection, struct text *names,
                              struct error *error)
{
    char *value = pg_value(connection, workers_sql, error);
    if (value)
        text_add(names, value);
    bool read = value != NULL;
    free(value);
    return read;
}
