/* connection_parts.h: a connection's inside, for the files of this folder that stream through it.
 */
#ifndef POSTGRES_CONNECTION_PARTS_H
#define POSTGRES_CONNECTION_PARTS_H

#include "postgres/connection.h"

/* libpq's handle; stays the connection's. */
PGconn *pg_handle(struct pg_connection *connection);
/* Fills the error from a failed result, or from the connection when `result` is NULL. Returns
 * false. */
bool pg_failed(struct pg_connection *connection, const PGresult *result, struct error *error);

#endif
