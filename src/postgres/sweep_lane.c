/* sweep_lane.c: batches of digests on one connection, in one transaction. */
#include "postgres/sweep_lane.h"

#include "postgres/digest.h"

#include <stdlib.h>
#include <string.h>

/* It is part of a statement. Source: PostgreSQL manual, "Snapshot Synchronization Functions". */
static bool is_snapshot(const char *snapshot)
{
    return *snapshot && !snapshot[strspn(snapshot, "0123456789ABCDEFabcdef-")];
}

static bool take_over(struct pg_connection *connection, const char *snapshot, struct error *error)
{
    if (!is_snapshot(snapshot))
        return error_set(error, ERROR_SERVER, "\"%s\" is no snapshot", snapshot);
    char *sql = xprintf("SET TRANSACTION SNAPSHOT '%s'", snapshot);
    bool taken = pg_execute(connection, sql, error);
    free(sql);
    return taken;
}

static bool export_snapshot(struct sweep_lane *lane, struct error *error)
{
    char *snapshot = pg_value(lane->connection, "SELECT pg_catalog.pg_export_snapshot()", error);
    if (snapshot)
        text_copy(lane->work->snapshot, sizeof lane->work->snapshot, snapshot);
    free(snapshot);
    return snapshot != NULL;
}

/* Whoever exported it stays in its transaction as long as others may join: it leaves only when the
 * database's queue is empty. */
static bool share_snapshot(struct sweep_lane *lane, struct error *error)
{
    const char *given = lane->work->source->snapshot, *shared = lane->work->snapshot;
    bool done = given     ? take_over(lane->connection, given, error)
                : *shared ? take_over(lane->connection, shared, error)
                          : export_snapshot(lane, error);
    return done ||
           error_wrap(error, "sharing a snapshot of database %s", lane->work->source->database);
}

/* No jit: compiling such a statement takes longer than most of them run. */
bool sweep_lane_join(struct sweep_lane *lane, struct sweep_work *work, struct error *error)
{
    struct pg_parameters own = pg_parameters_for(work->source->parameters, work->source->database);
    lane->connection = pg_open(&own, 0, error);
    pg_parameters_free(&own);
    if (!lane->connection)
        return false;
    lane->work = work;
    work->lanes++;
    return digest_session(lane->connection, error) &&
           pg_execute(lane->connection, "SET jit = off", error) &&
           pg_execute(lane->connection, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", error) &&
           share_snapshot(lane, error) && pg_execute(lane->connection, "SAVEPOINT sweep", error);
}

void sweep_lane_leave(struct sweep_lane *lane)
{
    if (lane->connection && lane->busy)
        pg_cancel(lane->connection);
    if (lane->work)
        lane->work->lanes--;
    pg_close(lane->connection);
    lane->connection = NULL;
    lane->work = NULL;
    lane->busy = false;
}

static struct pg_table *table_at(const struct sweep_lane *lane, size_t position)
{
    return &lane->work->source->tables->items[lane->work->queue.order[position]];
}

static bool add_statement(const struct sweep_lane *lane, size_t position, struct text *sql,
                          struct error *error)
{
    const struct pg_table *table = table_at(lane, position);
    text_add(sql, position > lane->batch.first ? " UNION ALL " : "");
    if (lane->work->source->counts_only)
        return digest_count_statement(lane->connection, table, position, sql, error);
    return digest_statement(lane->connection, table, position, sql, error);
}

/* Going back to the savepoint keeps the snapshot and lets the locks of the statement before go, so
 * that 10,000 tables don't fill the server's lock table. */
static bool send_statement(struct sweep_lane *lane, struct error *error)
{
    struct text sql = {0};
    text_add(&sql, "ROLLBACK TO SAVEPOINT sweep; ");
    lane->busy = true;
    for (size_t i = lane->batch.first; lane->busy && i < lane->batch.end; i++)
        lane->busy = add_statement(lane, i, &sql, error);
    lane->busy = lane->busy && pg_send(lane->connection, text_string(&sql), error);
    text_free(&sql);
    return lane->busy;
}

bool sweep_lane_begin(struct sweep_lane *lane, const struct sweep_batch *batch, struct error *error)
{
    lane->batch = *batch;
    return send_statement(lane, error);
}

static bool take_rows(struct sweep_lane *lane, const PGresult *result, table_measured *on_table,
                      struct error *error)
{
    const struct sweep_batch *batch = &lane->batch;
    if ((size_t)PQntuples(result) != batch->end - batch->first)
        return error_set(error, ERROR_SERVER, "%d counts came for %zu tables", PQntuples(result),
                         batch->end - batch->first);
    for (int row = 0; row < PQntuples(result); row++) {
        long long position = pg_number(result, row, 0);
        if (position < (long long)batch->first || position >= (long long)batch->end)
            return error_set(error, ERROR_SERVER, "a count came for a table that wasn't asked for");
        struct pg_table *table = table_at(lane, (size_t)position);
        table->rows = pg_number(result, row, 1);
        text_copy(table->digest, sizeof table->digest, pg_field(result, row, 2));
        lane->work->measured += sweep_weight(table);
        if (on_table)
            on_table(lane->work->source->context, lane->work->source, table);
    }
    return true;
}

bool sweep_lane_advance(struct sweep_lane *lane, table_measured *on_table, struct error *error)
{
    PGresult *result = NULL;
    if (!pg_take_result(lane->connection, false, &result, error)) {
        lane->busy = false;
        return false;
    }
    if (!result)
        return true;
    lane->busy = false;
    bool taken = take_rows(lane, result, on_table, error);
    PQclear(result);
    return taken;
}

const struct pg_table *sweep_lane_table(const struct sweep_lane *lane)
{
    return lane->busy ? table_at(lane, lane->batch.first) : NULL;
}
