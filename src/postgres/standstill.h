/* standstill.h: whether a server has stopped writing, by its transaction ids and its log. */
#ifndef POSTGRES_STANDSTILL_H
#define POSTGRES_STANDSTILL_H

#include "postgres/connection.h"

/* Where a server stands. Source: PostgreSQL manual, "System Administration Functions", "Transaction
 * ID and Snapshot Information Functions", "pg_locks": each transaction that has written something
 * holds a lock on its own id until it ends. */
struct standstill {
    char xid[24];      /* the first id that isn't over: pg_snapshot_xmax, with its epoch */
    char lsn[24];      /* pg_current_wal_lsn */
    long transactions; /* that have an id and go on, prepared ones included */
};

bool standstill_read(struct pg_connection *connection, struct standstill *now, struct error *error);

/* Whether no transaction wrote anything from the one reading to the other. The log alone may move:
 * checkpoints and what readers tidy up are written to it too. */
bool standstill_same_transactions(const struct standstill *before, const struct standstill *now);
bool standstill_same_log(const struct standstill *before, const struct standstill *now);

/* What keeps writing without a client, or could: appended to `names` with commas, "" for none. */
bool standstill_prepared(struct pg_connection *connection, struct text *names, struct error *error);
bool standstill_subscriptions(struct pg_connection *connection, struct text *names,
                              struct error *error);

#endif
