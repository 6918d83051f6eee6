/* shape.h: what a database's tables are made of, to find those that another session has emptied,
 * rewritten, altered or dropped since a snapshot was taken: what such a snapshot then shows of them
 * isn't what it showed before. */
#ifndef POSTGRES_SHAPE_H
#define POSTGRES_SHAPE_H

#include "postgres/connection.h"

/* One string a table: its oid, then what it is made of. Zero-initialised is empty. */
struct shape {
    struct text_list tables; /* sorted by oid */
};

/* As the connection's snapshot shows it: of its transaction, or else of now. Source: PostgreSQL
 * manual, "Caveats" of concurrency control (TRUNCATE and ALTER TABLE aren't MVCC-safe); pg_class.
 */
bool shape_read(struct pg_connection *connection, struct shape *shape, struct error *error);
void shape_free(struct shape *shape);

/* The first table of `before` that `after` has otherwise or not at all, as it was called before;
 * the caller frees. NULL when there is none; tables that only `after` has don't count. */
char *shape_first_change(const struct shape *before, const struct shape *after);

#endif
