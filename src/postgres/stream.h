/* stream.h: rows taken one by one, and rows carried from one server to another, so that memory
 * doesn't grow with their number. */
#ifndef POSTGRES_STREAM_H
#define POSTGRES_STREAM_H

#include "postgres/connection.h"

/* Sends one query whose rows pg_stream_next gives. Source: PostgreSQL manual, libpq, "Retrieving
 * Query Results Row-by-Row". */
bool pg_stream_begin(struct pg_connection *connection, const char *sql, struct error *error);
/* *row: a result of one row, the caller's to PQclear; NULL after the last one, when the connection
 * is free again. */
bool pg_stream_next(struct pg_connection *connection, PGresult **row, struct error *error);

/* Carries what COPY ... TO STDOUT on `from` gives into COPY ... FROM STDIN on `to`; both in text
 * format. *rows grows by the number of rows that arrived. On failure `to` is in a failed
 * transaction, and `from` may have to be closed. Source: PostgreSQL manual, libpq, "Functions
 * Associated with the COPY Command". */
bool pg_copy_between(struct pg_connection *from, const char *from_sql, struct pg_connection *to,
                     const char *to_sql, long long *rows, struct error *error);

#endif
