/* standstill.c: what a server's two readings say, and what writes without a client. */
#include "postgres/standstill.h"

#include <stdlib.h>
#include <string.h>

bool standstill_same_transactions(const struct write_position *before,
                                  const struct write_position *now)
{
    return !strcmp(before->xid, now->xid) && !before->transactions && !now->transactions;
}

bool standstill_same_log(const struct write_position *before, const struct write_position *now)
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
