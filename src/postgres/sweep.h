/* sweep.h: counts and digests of many tables, on one or two servers at once, over several
 * connections each, largest tables first. Large objects are no tables and aren't in it. */
#ifndef POSTGRES_SWEEP_H
#define POSTGRES_SWEEP_H

#include "postgres/catalog.h"

/* The tables of one database of one server. */
struct sweep_source {
    const struct pg_parameters *parameters; /* of the server; its own database doesn't matter */
    const char *database;
    const char *snapshot;         /* an exported one that every connection takes over, or NULL: the
                                     first connection to the database exports its own for them */
    bool counts_only;             /* no digests, which cost much more */
    struct pg_table_list *tables; /* rows and digest are written into it */
    void *context;                /* for on_table */
};

/* Called for each table when its count and digest are there. */
typedef void table_measured(void *context, const struct sweep_source *source,
                            const struct pg_table *table);

#define SWEEP_CONNECTIONS 4 /* a server, when not said otherwise; fewer where its slots are few */
#define SWEEP_CONNECTIONS_MAX 32

struct sweep;

/* Begins; `sources` and what they point to have to stay. `connections` is for each server (sources
 * with the same parameters pointer are the same server), 0: SWEEP_CONNECTIONS. No lock outlasts its
 * statement's batch. NULL on failure. */
struct sweep *sweep_start(const struct sweep_source *sources, size_t count, int connections,
                          table_measured *on_table, struct error *error);
/* Takes what has come and sends what is next. *done when all tables are measured. With `wait` it
 * returns only when something came (call again until done), without it at once. */
bool sweep_advance(struct sweep *sweep, bool wait, bool *done, struct error *error);
/* Ends it, finished or not; statements that still run are cancelled. */
void sweep_end(struct sweep *sweep);

/* Start, wait and end in one. */
bool sweep_all(const struct sweep_source *sources, size_t count, int connections,
               table_measured *on_table, struct error *error);

/* For an estimate of the time left: pages of all tables, and of those measured. */
void sweep_progress(const struct sweep *sweep, double *done_pages, double *all_pages);
/* The largest table that is being measured now, and its source; NULL when none is. */
const struct pg_table *sweep_largest(const struct sweep *sweep, const struct sweep_source **source);

#endif
