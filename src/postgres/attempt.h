/* attempt.h: begins a connection without waiting for it; what pg_open and the probe share. */
#ifndef POSTGRES_ATTEMPT_H
#define POSTGRES_ATTEMPT_H

#include "postgres/connection.h"

/* NULL only without memory. The caller asks PQstatus, drives it with PQconnectPoll and ends it
 * with PQfinish. */
PGconn *attempt_start(const struct pg_parameters *parameters);

#endif
