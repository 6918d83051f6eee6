/* pg_measure.h: exact row counts, and digests of the contents, of all that one or two servers hold,
 * reported as they come. */
#ifndef STEPS_COMPARE_PG_MEASURE_H
#define STEPS_COMPARE_PG_MEASURE_H

#include "postgres/sweep.h"
#include "steps/compare/pg_survey.h"

/* One server and where its counts go. */
struct measure {
    const struct server_access *access;
    struct survey *survey;   /* its tables; rows and digests are written into them */
    enum rows_column column; /* ROWS_COLUMNS: none, where the screen keeps what was proven before */
    struct row_counts *counts; /* gets them too, or NULL */
};

/* All tables of all servers at once, each database in one snapshot, over the step's `connections`
 * to each server; without `contents` only the counts. Reports progress in bytes, with the largest
 * table that is being read. */
bool measure_tables(struct step_run *run, const struct measure *servers, size_t count,
                    bool contents, struct error *error);

/* A sweep to its end (see postgres/sweep.h), with its progress. */
bool measure_sweep(struct step_run *run, const struct sweep_source *sources, size_t count,
                   int connections, table_measured *on_table, struct error *error);

#endif
