/* written_tables.h: what clients have written on the new server since the copy was proven equal:
 * table by table, as exactly as can be told without the rows that were there then. */
#ifndef STEPS_DRIFT_WRITTEN_TABLES_H
#define STEPS_DRIFT_WRITTEN_TABLES_H

#include "steps/compare/pg_rows.h"
#include "steps/compare/pg_survey.h"
#include "steps/server/server.h"

struct written_table {
    const char *database, *schema, *name; /* the survey's; or of the proven counts */
    long long inserted, updated, deleted;
    bool exact;            /* else by the server's counters, or the least that the counts allow */
    const char *condition; /* the survey's, of struct pg_table */
    bool gone;             /* the table was dropped since */
};

struct written_tables {
    struct survey survey;          /* of the server now, with counts and digests */
    struct row_counts proven, now; /* column NEW, and what is there now */
    struct written_table *items;   /* those that differ */
    size_t count, capacity;
    long long inserted, updated, deleted;
    bool exact; /* in all of them */
};

/* Measures the server and compares it with the column NEW. A table that differs is at least one
 * row. Free in any case. */
bool written_tables_read(struct step_run *run, const struct server_access *access,
                         struct written_tables *written, struct error *error);
void written_tables_free(struct written_tables *written);

/* From the rows that a table had and has, those that transactions since then have inserted or
 * updated (-1 unknown), and the counters (`deleted` -1 unknown): how many were inserted, updated,
 * deleted. */
void written_estimate(long long before, long long now, long long written, long long deleted,
                      struct written_table *table);

#endif
