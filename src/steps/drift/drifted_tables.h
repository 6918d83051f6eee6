/* drifted_tables.h: which tables of the old server aren't any more what the new server's copy
 * holds, by the counts and digests of the columns NOW and NEW. */
#ifndef STEPS_DRIFT_DRIFTED_TABLES_H
#define STEPS_DRIFT_DRIFTED_TABLES_H

#include "steps/compare/pg_difference.h"
#include "steps/compare/pg_rows.h"
#include "steps/compare/pg_survey.h"

struct drifted_tables {
    struct difference_table *items; /* with rows of their own; by database, schema, table */
    size_t count, capacity;
    struct difference_table *others; /* in which no row can be lost: materialised views,
                                        tables of one version of an extension */
    size_t other_count, other_capacity;
};

/* The strings stay those of `now` and `new`, which are sorted. Free with drifted_tables_free. */
void drifted_tables_find(struct row_counts *now, struct row_counts *new,
                         struct drifted_tables *tables);
/* The table of that name in a survey, or NULL. */
struct pg_table *drifted_tables_in(const struct survey *survey, const char *database,
                                   const char *schema, const char *name);
void drifted_tables_free(struct drifted_tables *tables);

#endif
