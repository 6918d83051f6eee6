/* restore_indexes.c: pg_stat_progress_create_index in words. */
#include "steps/restore/restore_indexes.h"

#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>

#define ANSWER_MS 300
#define RETRY_MS 5000

struct restore_indexes {
    const struct server_access *access;
    struct pg_connection *connection;
    int64_t failed_ms; /* monotonic; 0 never */
};

/* Source: PostgreSQL manual, "CREATE INDEX Progress Reporting". The index's name can't be looked up
 * in another database, but stands in the statement. */
static const char sql[] =
    "SELECT p.datname, "
    "coalesce(substring(a.query FROM 'INDEX (?:CONCURRENTLY )?(\\S+) ON'), "
    "substring(a.query FROM 'ADD CONSTRAINT (\\S+)'), 'index'), p.phase, "
    "CASE WHEN p.tuples_total > 0 THEN 100 * p.tuples_done / p.tuples_total "
    "WHEN p.blocks_total > 0 THEN 100 * p.blocks_done / p.blocks_total ELSE -1 END "
    "FROM pg_catalog.pg_stat_progress_create_index p "
    "JOIN pg_catalog.pg_stat_activity a USING (pid) LIMIT 1";

struct restore_indexes *restore_indexes_new(const struct server_access *access)
{
    struct restore_indexes *indexes = xcalloc(1, sizeof *indexes);
    indexes->access = access;
    return indexes;
}

static void fail(struct restore_indexes *indexes)
{
    pg_close(indexes->connection);
    indexes->connection = NULL;
    indexes->failed_ms = clock_monotonic_ms();
}

static bool connected(struct restore_indexes *indexes)
{
    struct error ignored = ERROR_INIT;
    if (indexes->connection)
        return true;
    if (indexes->failed_ms && clock_monotonic_ms() - indexes->failed_ms < RETRY_MS)
        return false;
    indexes->connection = pg_open(&indexes->access->parameters, ANSWER_MS, &ignored);
    if (!indexes->connection) {
        fail(indexes);
        return false;
    }
    pg_limit(indexes->connection, ANSWER_MS);
    return true;
}

bool restore_indexes_look(struct restore_indexes *indexes, char *label, size_t size)
{
    struct error ignored = ERROR_INIT;
    if (!connected(indexes))
        return false;
    PGresult *result = pg_query(indexes->connection, sql, 0, NULL, &ignored);
    if (!result) {
        fail(indexes);
        return false;
    }
    bool building = PQntuples(result) > 0;
    if (building) {
        char share[16] = "";
        long long percent = pg_number(result, 0, 3);
        if (percent >= 0)
            snprintf(share, sizeof share, ", %lld %%", percent > 100 ? 100 : percent);
        char *text = xprintf("%s: %s, %s%s", pg_field(result, 0, 0), pg_field(result, 0, 1),
                             pg_field(result, 0, 2), share);
        text_copy(label, size, text);
        free(text);
    }
    PQclear(result);
    return building;
}

void restore_indexes_free(struct restore_indexes *indexes)
{
    if (!indexes)
        return;
    pg_close(indexes->connection);
    free(indexes);
}
