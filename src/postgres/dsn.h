/* dsn.h: a database's address, as applications have it in a variable. */
#ifndef POSTGRES_DSN_H
#define POSTGRES_DSN_H

#include "postgres/connection.h"

/* "postgres://USER:PASSWORD@HOST:PORT/NAME", with any scheme (postgis, postgresql+driver) and with
 * options behind '?' that are the application's and are left out. Free with pg_parameters_free; no
 * message holds the address. Source: PostgreSQL manual, libpq, "Connection URIs". */
bool dsn_parse(const char *address, struct pg_parameters *parameters, struct error *error);

#endif
