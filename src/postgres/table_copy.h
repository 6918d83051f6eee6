/* table_copy.h: makes one table of the new server equal to the old server's again: by key the rows
 * that differ, else the whole table. */
#ifndef POSTGRES_TABLE_COPY_H
#define POSTGRES_TABLE_COPY_H

#include "postgres/table_shape.h"

struct table_copy {
    struct pg_connection *old; /* in a transaction with one snapshot */
    struct pg_connection *new; /* in a transaction of table_copy_begin */
    const struct table_shape
        *shape; /* of the table, alike on both; its condition is the old one's */
    const struct table_shape *new_shape; /* the new server's, for which of its rows count */
    long long rows;                      /* about how many it has */
    bool unhindered; /* it's known that the new server's table isn't in table_copy_hindered */
    bool whole;      /* out: it was copied as a whole */
    long long removed, copied; /* out: rows */
};

/* Begins a transaction in which triggers, rules and foreign keys don't act: rows arrive as they
 * are, as they came through all of that on the old server already. Source: PostgreSQL manual,
 * session_replication_role. */
bool table_copy_begin(struct pg_connection *new, struct error *error);

/* Calls `found` for each table that has a trigger or a rule which acts in spite of
 * table_copy_begin. */
bool table_copy_hindered(struct pg_connection *new,
                         void (*found)(void *context, const char *schema, const char *name),
                         void *context, struct error *error);

/* Only the rows that count on each server are looked at, removed and brought. Removes what is too
 * much or changed, before it brings what lacks or was changed, so that no unique constraint trips
 * on the order. Triggers and rules that act all the same (ENABLE ALWAYS, ENABLE REPLICA) are
 * disabled meanwhile. Memory is bounded: where the keys are too many, or the table has none, all of
 * it is copied anew. Both connections need digest_session. */
bool table_copy(struct table_copy *copy, struct error *error);

#endif
