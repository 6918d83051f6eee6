/* pg_difference.h: from a list of tables that differ between two servers to their differing rows:
 * found, shown, and on record. */
#ifndef STEPS_COMPARE_PG_DIFFERENCE_H
#define STEPS_COMPARE_PG_DIFFERENCE_H

#include "postgres/difference.h"
#include "postgres/key_ranges.h"
#include "steps/server/server.h"
#include "steps/step.h"

/* A table to look into; the strings are the caller's. */
struct difference_table {
    const char *database, *schema, *table;
    long long old_rows, new_rows; /* -1: it isn't there */
    bool moved; /* it's a partition or a child of other tables than on the other server */
};

#define DIFFERENCE_KEYS_MAX 1000 /* kept of each kind */
#define DIFFERENCE_TABLES_MAX 50 /* whose keys are kept; of the others only the numbers */

/* What one table's rows differ in. */
struct table_difference {
    struct difference_table table; /* the caller's strings */
    bool
        comparable; /* else it's on one server only, or has other columns there: counts by number */
    struct text_list key; /* names of its columns; none: rows are told by their contents */
    struct difference_counts counts;
    struct text_list keys[DIFFERENCE_KINDS]; /* "17", "(4, abc)", or a place and a hash */
    struct key_ranges ranges[DIFFERENCE_KINDS];
    bool ranged; /* the key is one whose values have an order that ranges can be told in */
};

struct differences {
    struct table_difference *items; /* in the order of the tables given */
    size_t count;
};

/* Looks into all of them, both servers at once; progress in tables. `tables` are sorted by
 * database. Free in any case. */
bool differences_find(struct step_run *run, const struct server_access *old,
                      const struct server_access *new, const struct difference_table *tables,
                      size_t count, struct differences *differences, struct error *error);
void differences_free(struct differences *differences);

/* How the kinds are called: "3 missing, 1 changed", or after the snapshot "3 inserted, 1 updated".
 */
extern const char *const difference_words[DIFFERENCE_KINDS];
extern const char *const difference_drift_words[DIFFERENCE_KINDS];

/* Evidence: a check for the first 20 tables, evidence/differences-STEP.tsv with the keys, and the
 * fact "differences" (list of at most 50 {database, schema, table, key, missing, extra, changed,
 * ranges, keys: [{kind, key}]}), which the screen opens. */
bool differences_report(struct step_run *run, const struct differences *differences,
                        enum verdict verdict, const char *const words[DIFFERENCE_KINDS],
                        struct error *error);

/* Find and report in one, as a failed comparison wants it. */
bool difference_explain(struct step_run *run, const struct server_access *old,
                        const struct server_access *new, const struct difference_table *tables,
                        size_t count, struct error *error);

/* A session on one of a server's databases for comparing rows: read-only, values written alike. */
struct pg_connection *difference_open(const struct server_access *access, const char *database,
                                      struct error *error);

#endif
