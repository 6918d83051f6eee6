/* catch_up_database.h: brings what drifted in one database over to the new server, in one
 * transaction there, and proves it before it's committed. */
#ifndef STEPS_DRIFT_CATCH_UP_DATABASE_H
#define STEPS_DRIFT_CATCH_UP_DATABASE_H

#include "postgres/catalog.h"
#include "steps/server/server.h"
#include "steps/step.h"

struct catch_up_sums {
    size_t tables, sequences, large_objects, views, whole; /* `whole`: tables copied anew */
    long long rows;                                        /* removed and copied */
};

struct catch_up_database {
    struct step_run *run;
    const struct server_access *old, *new;
    const char *database;
    const struct pg_table **tables; /* of the old server, that drifted; their rows and digests are
                                       the recorded ones */
    size_t count;
    const struct pg_table **views; /* materialised views whose contents differ */
    size_t view_count;
    size_t done, total; /* tables of the whole step, for the progress */
};

/* Safe to run again: what is equal already is only measured. Reports the columns NOW and NEW of the
 * tables once they are committed. `sums` grow. */
bool catch_up_database(struct catch_up_database *work, struct catch_up_sums *sums,
                       struct error *error);

#endif
