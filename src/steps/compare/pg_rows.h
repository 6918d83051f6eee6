/* pg_rows.h: row counts by table, found quickly among thousands, and what differs between two sets.
 */
#ifndef STEPS_COMPARE_PG_ROWS_H
#define STEPS_COMPARE_PG_ROWS_H

#include "postgres/catalog.h"
#include "steps/step.h"

struct row_count {
    char *database, *schema, *table;
    long long rows;
    char digest[PG_DIGEST_SIZE]; /* "" when it wasn't taken */
    enum pg_table_kind kind;
};

/* Zero-initialised is empty. Free with row_counts_free. */
struct row_counts {
    struct row_count *items;
    size_t count, capacity;
};

void row_counts_add(struct row_counts *counts, const char *database, const struct pg_table *table);
/* What run->rows says of one column. */
void row_counts_known(const struct step_run *run, enum rows_column column,
                      struct row_counts *counts);
void row_counts_free(struct row_counts *counts);

/* Same count, and same contents where both digests were taken. */
bool row_counts_equal(const struct row_count *old, const struct row_count *new);

/* Whether no row can be lost where the two differ, one of which may be NULL: a materialised view,
 * whose rows each server computes, and a table that only one version of an extension has, the old
 * one without a row in it. */
bool row_counts_explained(const struct row_count *old, const struct row_count *new);

enum row_change { ROW_EQUAL, ROW_DIFFERENT, ROW_MISSING, ROW_EXTRA };

/* Walks over both sets, sorted by database, schema and table, and calls `found` for each table:
 * `old` is NULL for one that only the new set has (ROW_EXTRA), `new` for one that it lacks
 * (ROW_MISSING). */
void row_counts_compare(struct row_counts *old, struct row_counts *new,
                        void (*found)(void *context, enum row_change change,
                                      const struct row_count *old, const struct row_count *new),
                        void *context);

/* "limor_prod: public.orders"; appended. */
void row_count_name(struct text *text, const struct row_count *count);

#endif
