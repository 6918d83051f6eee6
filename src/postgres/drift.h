/* drift.h: the server's own counters of what was written, cheap enough to be read all the time: in
 * sum and table by table. */
#ifndef POSTGRES_DRIFT_H
#define POSTGRES_DRIFT_H

#include "postgres/connection.h"
#include "postgres/write_counters.h"

/* Sums over the user tables of every database. They count from the last reset of the statistics on,
 * and lag behind by a second or so; two readings' difference says what was written in between.
 * Source: PostgreSQL manual, "The Cumulative Statistics System". */
struct drift_counters {
    long long inserted, updated, deleted;
    char system[32]; /* the data directory's identifier, by pg_control_system(): counters of two
                        servers have nothing to do with each other */
};

struct drift; /* one connection to each database, kept */

struct drift *drift_open(const struct pg_parameters *parameters, struct error *error);
bool drift_read(struct drift *drift, struct drift_counters *counters, struct error *error);
/* The same table by table; the caller frees with write_counters_free, on failure too. */
bool drift_read_tables(struct drift *drift, struct write_counters *counters, struct error *error);
void drift_close(struct drift *drift);

#endif
