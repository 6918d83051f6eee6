/* pg_compare_rows.h: the verdict on two sets of row counts: shown, counted, and all of it on
 * record. */
#ifndef STEPS_COMPARE_PG_COMPARE_ROWS_H
#define STEPS_COMPARE_PG_COMPARE_ROWS_H

#include "steps/compare/pg_rows.h"

struct rows_comparison {
    struct row_counts *old, *new;
    bool
        equal; /* each difference is a failure, in the contents too; else only a missing table is */
    bool live; /* the old counts are of now, not of the backup's snapshot */
};

struct rows_verdict {
    size_t compared, failures, warnings;
    char first[400]; /* the first failure */
};

/* Without `equal`, rows that were written since are a warning. With it, a table whose contents
 * weren't read on both sides fails: an equal count alone proves nothing. A difference that
 * row_counts_explained only ever warns. Checks show the first 20,
 * evidence/rows-STEP.tsv holds every table. False only when that can't be written. */
bool compare_row_counts(struct step_run *run, const struct rows_comparison *comparison,
                        struct rows_verdict *verdict, struct error *error);

#endif
