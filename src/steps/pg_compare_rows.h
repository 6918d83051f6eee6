/* pg_compare_rows.h: the verdict on two sets of row counts: shown, counted, and all of it on
 * record. */
#ifndef STEPS_PG_COMPARE_ROWS_H
#define STEPS_PG_COMPARE_ROWS_H

#include "steps/pg_rows.h"

struct rows_verdict {
    size_t compared, failures, warnings;
    char first[400]; /* the first failure */
};

/* With `equal` each difference is a failure; else rows that were written since are a warning, and
 * only a missing table fails. A materialised view, which a restore computes anew, and an
 * extension's own table only ever warn. Checks show the first 20, evidence/rows-STEP.tsv holds
 * every table. False only when that can't be written, or when there is nothing to compare with. */
bool compare_row_counts(struct step_run *run, struct row_counts *old, struct row_counts *new,
                        bool equal, struct rows_verdict *verdict, struct error *error);

#endif
