/* count.h: exact row counts of a database's tables, many tables a round trip, without blocking the
 * caller while the server counts. */
#ifndef POSTGRES_COUNT_H
#define POSTGRES_COUNT_H

#include "postgres/catalog.h"

/* How far one statement goes: this many tables, or one that has more pages than that. */
#define COUNT_BATCH_TABLES 64
#define COUNT_BATCH_PAGES 16384

struct counting; /* one database's counts under way */

/* Called for each table when its count is there. */
typedef void table_counted(void *context, const struct pg_table *table);

/* Begins to count every table of `tables` (which the counts are written into) on `connection`,
 * which has to stay and be used for nothing else until counting_end. When the connection is in a
 * transaction, its snapshot is what is counted, and no lock outlasts its batch. */
struct counting *counting_start(struct pg_connection *connection, struct pg_table_list *tables,
                                table_counted *on_table, void *context);
/* Takes what has come and sends the next batch. *done when all tables are counted. With `wait` it
 * returns only then. */
bool counting_advance(struct counting *counting, bool wait, bool *done, struct error *error);
void counting_end(struct counting *counting);

/* Start, wait and end in one. */
bool count_tables(struct pg_connection *connection, struct pg_table_list *tables,
                  table_counted *on_table, void *context, struct error *error);

/* The statement for tables [first, *end): *end is set to where it stops. Appended to `sql`. */
bool count_statement(struct pg_connection *connection, const struct pg_table_list *tables,
                     size_t first, size_t *end, struct text *sql, struct error *error);
/* Where a batch that begins at `first` ends. */
size_t count_batch_end(const struct pg_table_list *tables, size_t first);

#endif
