/* follow_snapshot.c: snapshots of all databases, marks in the log, and the flush that makes the log
 * readable up to them. */
#include "steps/follow/follow_parts.h"

#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_EVERY_MS 5
#define STILL_MS 3000 /* how long the last snapshot may wait for a transaction to end */

/* A message in the log is the smallest thing whose commit waits for the log to be on disk: an
 * empty transaction's doesn't. Source: PostgreSQL manual, "Generic WAL Records"' neighbour
 * pg_logical_emit_message in "Replication Management Functions", and "Asynchronous Commit". */
static const char flush_sql[] = "SELECT pg_catalog.pg_current_xact_id(), "
                                "pg_catalog.pg_logical_emit_message(true, 'pgrunbook', '')";

/* Where a file is, is told as of now, which is later than the snapshot. Without a table in the
 * statement no lock is held as long as the snapshot is: nobody may wait for that. */
static bool send_snapshot(const struct follow *follow, struct follow_database *database,
                          struct error *error)
{
    char *sql = xprintf("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; "
                        "SELECT pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot()), "
                        "(SELECT pg_catalog.sum(pg_catalog.hashtextextended(pg_catalog.concat(c, "
                        "' ', pg_catalog.pg_relation_filenode(c)), 0)) "
                        "FROM pg_catalog.unnest('{%s}'::pg_catalog.oid[]) AS c)",
                        follow->catalogs);
    bool sent = pg_send(follow_after(database), sql, error);
    free(sql);
    return sent;
}

static bool take_position(const char *text, uint64_t *position, struct error *error)
{
    return wal_position_read(text, position) ||
           error_set(error, ERROR_SERVER, "\"%s\" is no position in the write-ahead log", text);
}

bool follow_flush(struct follow *follow, uint64_t *end, uint64_t *transaction, struct error *error)
{
    PGresult *result = pg_query(follow->main, flush_sql, 0, NULL, error);
    bool done = result && take_position(pg_field(result, 0, 1), end, error);
    if (done)
        *transaction = strtoull(pg_field(result, 0, 0), NULL, 10);
    PQclear(result);
    return done || error_wrap(error, "flushing the write-ahead log");
}

static bool read_xmin(struct pg_connection *connection, uint64_t *xmin, struct error *error)
{
    char *text = pg_value(
        connection, "SELECT pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())", error);
    *xmin = text ? strtoull(text, NULL, 10) : 0;
    free(text);
    return text != NULL;
}

static bool wait_for_older(struct follow *follow, uint64_t transaction, long patience_ms,
                           struct error *error)
{
    int64_t deadline = clock_monotonic_ms() + patience_ms;
    uint64_t xmin = 0;
    for (;;) {
        if (!read_xmin(follow->main, &xmin, error))
            return false;
        if (xmin > transaction || clock_monotonic_ms() >= deadline)
            return true;
        clock_sleep_ms(LOOK_EVERY_MS);
    }
}

/* The position comes first: see wal_mark.h. */
bool follow_mark(struct follow *follow, long patience_ms, struct error *error)
{
    uint64_t end;
    struct wal_mark mark;
    char *position = pg_value(follow->main, "SELECT pg_catalog.pg_current_wal_insert_lsn()", error);
    bool marked = position && take_position(position, &mark.position, error) &&
                  follow_flush(follow, &end, &mark.transaction, error);
    free(position);
    if (!marked)
        return false;
    wal_marks_add(&follow->marks, mark);
    return wait_for_older(follow, mark.transaction, patience_ms, error);
}

static void note_catalogs(struct follow_database *database, const char *digest)
{
    bool moved = *database->catalogs && strcmp(database->catalogs, digest) != 0;
    database->catalogs_moved = database->catalogs_moved || moved;
    text_copy(database->catalogs, sizeof database->catalogs, digest);
}

bool follow_snapshots_take(struct follow *follow, uint64_t *xmin, struct error *error)
{
    bool good = true;
    *xmin = UINT64_MAX;
    for (size_t i = 0; good && i < follow->count; i++)
        good = send_snapshot(follow, &follow->databases[i], error);
    for (size_t i = 0; good && i < follow->count; i++) {
        PGresult *result = NULL;
        good = pg_take_result(follow_after(&follow->databases[i]), true, &result, error);
        uint64_t own = good ? strtoull(pg_field(result, 0, 0), NULL, 10) : 0;
        if (good)
            note_catalogs(&follow->databases[i], pg_field(result, 0, 1));
        *xmin = own < *xmin ? own : *xmin;
        PQclear(result);
    }
    return good || error_wrap(error, "taking a snapshot");
}

bool follow_look(struct follow_database *database,
                 bool (*look)(struct follow_database *database, struct error *error),
                 struct error *error)
{
    struct pg_connection *source = follow_after(database);
    return pg_execute(source, "SAVEPOINT follow", error) && look(database, error) &&
           pg_execute(source, "ROLLBACK TO SAVEPOINT follow; RELEASE SAVEPOINT follow", error);
}

void follow_snapshots_drop(struct follow *follow)
{
    struct error ignored = ERROR_INIT;
    for (size_t i = 0; i < follow->count; i++)
        if (follow_after(&follow->databases[i]) &&
            pg_in_transaction(follow_after(&follow->databases[i])))
            pg_execute(follow_after(&follow->databases[i]), "ROLLBACK", &ignored);
}

static bool still_written(const struct write_position *position, struct error *error)
{
    error_set(error, ERROR_OTHER,
              "the server is still written to: %ld transaction%s, next number "
              "%s",
              position->transactions, position->transactions == 1 ? "" : "s", position->xid);
    return error_remedy(error, "Something writes that the fence doesn't hold, such as an "
                               "extension's worker: look into pg_stat_activity.");
}

/* Nobody had a number when `before` was read, and the flush got the very next one: so nobody wrote
 * anything between, the snapshots, taken between, hold all, and the number behind the flush's is
 * where the source stands as long as nobody writes. The position is a mark's, too (what is written
 * to disk was inserted), even one before the flush's own number when that was the first since. */
static bool take_between(struct follow *follow, uint64_t *xmin, uint64_t *end, bool *still,
                         struct error *error)
{
    uint64_t transaction = 0;
    struct wal_mark mark = {0};
    struct write_position *position = &follow->position;
    if (!write_position_read(follow->main, position, error) ||
        !follow_snapshots_take(follow, xmin, error) ||
        !follow_flush(follow, end, &transaction, error) ||
        !take_position(position->lsn, &mark.position, error))
        return false;
    *still = !position->transactions && strtoull(position->xid, NULL, 10) == transaction;
    mark.transaction = *still ? transaction - 1 : transaction;
    wal_marks_add(&follow->marks, mark);
    if (*still)
        snprintf(position->xid, sizeof position->xid, "%" PRIu64, transaction + 1);
    return true;
}

bool follow_snapshots_take_next(struct follow *follow, uint64_t *xmin, uint64_t *end,
                                struct error *error)
{
    bool still;
    return take_between(follow, xmin, end, &still, error);
}

bool follow_snapshots_take_last(struct follow *follow, uint64_t *xmin, uint64_t *end,
                                struct error *error)
{
    int64_t deadline = clock_monotonic_ms() + STILL_MS;
    for (;;) {
        bool still = false;
        if (!take_between(follow, xmin, end, &still, error))
            return false;
        if (still)
            return true;
        if (clock_monotonic_ms() >= deadline)
            return still_written(&follow->position, error);
        follow_snapshots_drop(follow);
        clock_sleep_ms(LOOK_EVERY_MS);
    }
}

bool follow_snapshots_keep(struct follow *follow, uint64_t xmin, struct error *error)
{
    bool good = true;
    if (!wal_marks_start(&follow->marks, xmin, &follow->start))
        return error_set(error, ERROR_OTHER,
                         "a transaction is under way that is older than all "
                         "that is known of the write-ahead log");
    for (size_t i = 0; i < follow->count; i++)
        follow->databases[i].held = 1 - follow->databases[i].held;
    for (size_t i = 0; good && i < follow->count; i++)
        good = !pg_in_transaction(follow_after(&follow->databases[i])) ||
               pg_execute(follow_after(&follow->databases[i]), "ROLLBACK", error);
    return good;
}
