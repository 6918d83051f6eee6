/* standstill.c: reading where a server stands. */
#include "postgres/standstill.h"

#include <stdlib.h>
#include <string.h>

static const char position_sql[] =
    "SELECT pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text, "
    "pg_catalog.pg_current_wal_lsn()::text, (SELECT pg_catalog.count(*) FROM pg_catalog.pg_locks "
    "WHERE locktype = 'transactionid' AND mode = 'ExclusiveLock' AND granted)";

bool standstill_read(struct pg_connection *connection, struct standstill *now, struct error *error)
{
    PGresult *result = pg_query(connection, position_sql, 0, NULL, error);
    if (!result)
        return error_wrap(error, "reading the transaction id and the WAL position");
    text_copy(now->xid, sizeof now->xid, pg_field(result, 0, 0));
    text_copy(now->lsn, sizeof now->lsn, pg_field(result, 0, 1));
    now->transactions = (long)pg_number(result, 0, 2);
    PQclear(result);
    return true;
}

bool standstill_same_transactions(const struct standstill *before, const struct standstill *now)
{
    return !strcmp(before->xid, now->xid) && !before->transactions && !now->transactions;
}

bool standstill_same_log(const struct standstill *before, const struct standstill *now)
{
    return !strcmp(before->lsn, now->lsn);
}

static bool add_value(struct pg_connection *connection, const char *sql, struct text *names,
                      struct error *error)
{
    char *value = pg_value(connection, sql, error);
    if (!value)
        return false;
    text_add(names, value);
    free(value);
    return true;
}

bool standstill_prepared(struct pg_connection *connection, struct text *names, struct error *error)
{
    return add_value(connection,
                     "SELECT coalesce(pg_catalog.string_agg(pg_catalog.format('%L in database %s', "
                     "gid, database), ', ' ORDER BY prepared), '') "
                     "FROM pg_catalog.pg_prepared_xacts",
                     names, error);
}

bool standstill_subscriptions(struct pg_connection *connection, struct text *names,
                              struct error *error)
{
    return add_value(connection,
                     "SELECT coalesce(pg_catalog.string_agg(pg_catalog.format('%s in database %s', "
                     "s.subname, d.datname), ', ' ORDER BY s.subname), '') "
                     "FROM pg_catalog.pg_subscription AS s JOIN pg_catalog.pg_database AS d "
                     "ON d.oid = s.subdbid WHERE s.subenabled",
                     names, error);
}
