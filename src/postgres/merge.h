/* merge.h: two servers' answers to the same ordered query, walked over in step, both asked at once,
 * one row of each in memory. */
#ifndef POSTGRES_MERGE_H
#define POSTGRES_MERGE_H

#include "postgres/connection.h"

enum difference_kind {
    DIFFERENCE_MISSING, /* only the old server has it */
    DIFFERENCE_EXTRA,   /* only the new server has it */
    DIFFERENCE_CHANGED, /* both have it, with other contents */
    DIFFERENCE_KINDS
};

/* Columns of the query: MERGE_POSITION (a whole number), MERGE_VALUE (compared as text),
 * MERGE_PLACE (anything, shown only), then one or more that together with the position say which
 * row it is. Ordered by the position, then by those as text in the collation "C". */
enum { MERGE_POSITION, MERGE_VALUE, MERGE_PLACE, MERGE_NAMES };

/* A row of either side. Order: negative when the left one comes first. */
struct merge_row {
    long long position;
    const char *value, *place;
    const char *const *names;
    size_t count; /* of names */
};
#define MERGE_NAMES_MAX 32 /* as many as an index has columns (INDEX_MAX_KEYS) */
int merge_order(const struct merge_row *left, const struct merge_row *right);

/* Called for each pair that isn't equal: `old` is NULL for an extra one, `new` for a missing one.
 * False ends the walk. */
typedef bool merge_found(void *context, enum difference_kind kind, const struct merge_row *old,
                         const struct merge_row *new, struct error *error);

/* Both sides' `sql`. After a failure the connections are to be closed: rows may be on their way. */
bool merge_servers(struct pg_connection *old, const char *old_sql, struct pg_connection *new,
                   const char *new_sql, merge_found *found, void *context, struct error *error);

#endif
