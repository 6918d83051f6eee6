/* write_position.h: how far a server has written: transaction id, WAL position, and each table's
 * write counters. */
#ifndef POSTGRES_WRITE_POSITION_H
#define POSTGRES_WRITE_POSITION_H

#include "postgres/connection.h"

struct write_position {
    char xid[24];      /* the first that isn't over, with its epoch: pg_snapshot_xmax */
    char lsn[24];      /* "0/1A2B3C4" */
    char system[24];   /* the data directory's identifier, by pg_control_system() */
    long transactions; /* that have an id and go on, prepared ones included */
};

/* Source: PostgreSQL manual, "Transaction ID and Snapshot Information Functions", "Backup Control
 * Functions", "pg_locks": each transaction that has written something holds a lock on its own id
 * until it ends. */
bool write_position_read(struct pg_connection *connection, struct write_position *position,
                         struct error *error);

struct table_counters {
    char *schema, *name;
    long long inserted, updated, deleted; /* also by transactions that were taken back */
};

struct table_counters_list {
    struct table_counters *items; /* by schema and name, in byte order */
    size_t count;
    char reset[64]; /* when the database's counters were last set to 0; "" never */
};

/* Of all user tables of the connection's database. The counters outlive a clean restart. Free in
 * any case. Source: PostgreSQL manual, "The Cumulative Statistics System". */
bool table_counters_read(struct pg_connection *connection, struct table_counters_list *list,
                         struct error *error);
void table_counters_free(struct table_counters_list *list);

/* How many of a table's rows (with `condition` those that fulfil it, as struct pg_table has it)
 * were inserted or updated by transactions from `xid` (as in struct write_position, of the same
 * server) on; rows that were deleted don't show. Source: PostgreSQL manual, "System Columns". */
bool rows_written_since(struct pg_connection *connection, const char *schema, const char *name,
                        const char *condition, const char *xid, long long *rows,
                        struct error *error);

#endif
