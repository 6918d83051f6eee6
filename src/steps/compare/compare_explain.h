/* compare_explain.h: after a comparison that failed, which rows of which tables differ. */
#ifndef STEPS_COMPARE_COMPARE_EXPLAIN_H
#define STEPS_COMPARE_COMPARE_EXPLAIN_H

#include "steps/compare/pg_rows.h"
#include "steps/server/server.h"

struct compare_explain {
    const struct server_access *old, *new; /* the old server as it is now */
    struct row_counts *before, *after;     /* what was compared */
    bool live; /* `before` is of now; else of the snapshot, and a table that was written to since is
                  only said to be */
};

/* Looks into the first tables that differ. A failure is in the log and no more: the comparison's
 * own result stands. */
void compare_explain(struct step_run *run, const struct compare_explain *comparison);

#endif
