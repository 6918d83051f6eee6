/* difference.h: the rows in which one table differs between two servers, exactly, with bounded
 * memory however large the table is. */
#ifndef POSTGRES_DIFFERENCE_H
#define POSTGRES_DIFFERENCE_H

#include "postgres/merge.h"
#include "postgres/table_shape.h"

struct difference_counts {
    long long missing, extra, changed; /* rows; without a key none is `changed` */
};

/* One kind of difference that was found. */
struct difference_row {
    enum difference_kind kind;
    long long count;             /* rows: 1, or how many equal ones without a key */
    const struct merge_row *row; /* the old server's when it has it, else the new one's; its names
                                    are the key's values as text, or the row's hash */
};

typedef bool difference_found(void *context, const struct difference_row *row, struct error *error);

struct difference_request {
    struct pg_connection *old, *new; /* both prepared by digest_session */
    const struct table_shape
        *shape; /* of the table, alike on both; its condition is the old one's */
    const struct table_shape *new_shape; /* the new server's, for which of its rows count */
    long long rows;                      /* about how many it has: sizes the buckets */
    difference_found *found;             /* or NULL: only the counts */
    void *context;
};

/* By the table's key, else by the rows' contents. Both servers hash their rows in buckets at once;
 * only the buckets that differ are fetched, as keys and hashes, and merged. Each connection has to
 * be in a transaction with one snapshot if its table may be written to meanwhile. After a failure
 * both are to be closed. */
bool difference_find(const struct difference_request *request, struct difference_counts *counts,
                     struct error *error);

/* A power of two, 1 when the table is so small that buckets are no use. */
long difference_buckets(long long rows);

#endif
