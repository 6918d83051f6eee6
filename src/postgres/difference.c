/* difference.c: differing buckets first, then their rows. */
#include "postgres/difference.h"

#include <stdlib.h>
#include <string.h>

#define ROWS_A_BUCKET 512
#define ROWS_WITHOUT_BUCKETS 4096
#define BUCKETS_MAX 65536

struct finding {
    const struct difference_request *request;
    struct difference_counts *counts;
};

long difference_buckets(long long rows)
{
    long buckets = 1;
    if (rows <= ROWS_WITHOUT_BUCKETS)
        return 1;
    while (buckets < BUCKETS_MAX && rows / buckets > ROWS_A_BUCKET)
        buckets *= 2;
    return buckets;
}

/* `side`: the shape of the server that is asked. */
static bool add_from(const struct difference_request *request, const struct table_shape *side,
                     struct text *sql, struct error *error)
{
    text_add(sql, " FROM ONLY ");
    if (!table_shape_add_name(request->old, request->shape, sql, error))
        return false;
    text_add(sql, " t");
    table_shape_add_condition(side, " WHERE ", sql);
    return true;
}

/* The key's hash, or the row's where there is none: what a row's bucket is told by. */
static bool add_hash(const struct difference_request *request, struct text *sql,
                     struct error *error)
{
    const struct table_shape *shape = request->shape;
    if (!shape->key_count)
        return table_shape_add_row_hash(request->old, request->shape, sql, error);
    text_add(sql, "pg_catalog.hashtextextended(ROW(");
    for (size_t i = 0; i < shape->key_count; i++) {
        text_add(sql, i ? ", " : "");
        if (!table_shape_add_key(request->old, shape, i, sql, error))
            return false;
    }
    text_add(sql, ")::pg_catalog.text COLLATE pg_catalog.\"C\", 0)");
    return true;
}

/* Where a row stands among the others: for these kinds of keys in their own order, so that ranges
 * can be told; a whole number that all servers compute alike. */
static bool add_position(const struct difference_request *request, struct text *sql,
                         struct error *error)
{
    static const struct {
        const char *before, *after;
    } forms[] = {
        [POSITION_INTEGER] = {"(", ")::pg_catalog.int8"},
        [POSITION_SECONDS] = {"(SELECT CASE WHEN pg_catalog.isfinite(k) THEN "
                              "(extract(epoch FROM pg_catalog.date_trunc('second', k)))"
                              "::pg_catalog.int8 ELSE 9223372036854775807 END FROM (SELECT ",
                              " AS k) AS one)"},
        [POSITION_UUID] = {"('x' || \"left\"(pg_catalog.replace(",
                           "::pg_catalog.text, '-', ''), 16))::pg_catalog.\"bit\"(64)"
                           "::pg_catalog.int8"},
    };
    enum shape_position position = request->shape->position;
    if (position == POSITION_HASH)
        return add_hash(request, sql, error);
    text_add(sql, forms[position].before);
    if (!table_shape_add_key(request->old, request->shape, 0, sql, error))
        return false;
    text_add(sql, forms[position].after);
    return true;
}

static bool add_bucket(const struct difference_request *request, long buckets, struct text *sql,
                       struct error *error)
{
    if (!add_hash(request, sql, error))
        return false;
    text_printf(sql, " & %ld", buckets - 1);
    return true;
}

static bool bucket_statement(const struct difference_request *request,
                             const struct table_shape *side, long buckets, struct text *sql,
                             struct error *error)
{
    text_add(sql, "SELECT ");
    if (!add_bucket(request, buckets, sql, error))
        return false;
    text_add(sql, ", pg_catalog.count(*), pg_catalog.sum(");
    if (!table_shape_add_row_hash(request->old, request->shape, sql, error))
        return false;
    text_add(sql, ")::pg_catalog.text");
    if (!add_from(request, side, sql, error))
        return false;
    text_add(sql, " GROUP BY 1 ORDER BY 1");
    return true;
}

static bool equal_rows(const PGresult *left, int left_row, const PGresult *right, int right_row)
{
    for (int column = 1; column < PQnfields(left); column++)
        if (strcmp(pg_field(left, left_row, column), pg_field(right, right_row, column)) != 0)
            return false;
    return true;
}

/* Appends the numbers of the buckets that aren't equal, parted by commas; returns how many. */
static long differing_buckets(const PGresult *old, const PGresult *new, struct text *list)
{
    long count = 0;
    int left = 0, right = 0;
    while (left < PQntuples(old) || right < PQntuples(new)) {
        long long before = left < PQntuples(old) ? pg_number(old, left, 0) : BUCKETS_MAX;
        long long after = right < PQntuples(new) ? pg_number(new, right, 0) : BUCKETS_MAX;
        long long bucket = before < after ? before : after;
        if (before != after || !equal_rows(old, left, new, right))
            text_printf(list, "%s%lld", count++ ? "," : "", bucket);
        left += before == bucket;
        right += after == bucket;
    }
    return count;
}

static bool ask_both(const struct difference_request *request, const struct text sql[2],
                     PGresult **old, PGresult **new, struct error *error)
{
    *old = *new = NULL;
    return pg_send(request->old, text_string(&sql[0]), error) &&
           pg_send(request->new, text_string(&sql[1]), error) &&
           pg_take_result(request->old, true, old, error) &&
           pg_take_result(request->new, true, new, error);
}

/* *differing: how many of the buckets aren't equal. */
static bool compare_buckets(const struct difference_request *request, long buckets,
                            struct text *list, long *differing, struct error *error)
{
    struct text sql[2] = {{0}, {0}};
    PGresult *old = NULL, *new = NULL;
    *differing = 1;
    if (buckets == 1)
        return true;
    bool compared = bucket_statement(request, request->shape, buckets, &sql[0], error) &&
                    bucket_statement(request, request->new_shape, buckets, &sql[1], error) &&
                    ask_both(request, sql, &old, &new, error);
    if (compared)
        *differing = differing_buckets(old, new, list);
    PQclear(old);
    PQclear(new);
    text_free(&sql[0]);
    text_free(&sql[1]);
    return compared;
}

/* With a key each row is one line: position, hash, place, key. Without, equal rows are one: their
 * hash, their number, one's place, their hash again. */
static bool add_columns(const struct difference_request *request, struct text *sql,
                        struct error *error)
{
    const struct table_shape *shape = request->shape;
    text_add(sql, "SELECT ");
    if (!add_position(request, sql, error))
        return false;
    if (!shape->key_count) {
        text_add(sql, ", pg_catalog.count(*), min(t.ctid::pg_catalog.text), ");
        return table_shape_add_row_hash(request->old, request->shape, sql, error);
    }
    text_add(sql, ", ");
    if (!table_shape_add_row_hash(request->old, request->shape, sql, error))
        return false;
    text_add(sql, ", t.ctid");
    for (size_t i = 0; i < shape->key_count; i++) {
        text_add(sql, ", (");
        if (!table_shape_add_key(request->old, shape, i, sql, error))
            return false;
        text_add(sql, ")::pg_catalog.text COLLATE pg_catalog.\"C\"");
    }
    return true;
}

static bool rows_statement(const struct difference_request *request, const struct table_shape *side,
                           long buckets, const struct text *list, struct text *sql,
                           struct error *error)
{
    if (!add_columns(request, sql, error) || !add_from(request, side, sql, error))
        return false;
    if (list->length) {
        text_add(sql, side->condition ? " AND (" : " WHERE (");
        if (!add_bucket(request, buckets, sql, error))
            return false;
        text_printf(sql, ") = ANY ('{%s}'::pg_catalog.int8[])", text_string(list));
    }
    text_add(sql, request->shape->key_count ? " ORDER BY 1" : " GROUP BY 1, 4 ORDER BY 1");
    for (size_t i = 0; i < request->shape->key_count; i++)
        text_printf(sql, ", %zu", MERGE_NAMES + 1 + i);
    return true;
}

/* Without a key the value is a number of equal rows, and the difference is how many there are too
 * many or too few. */
static bool note_equal_rows(struct difference_row *found, const struct merge_row *old,
                            const struct merge_row *new)
{
    long long before = old ? strtoll(old->value, NULL, 10) : 0;
    long long after = new ? strtoll(new->value, NULL, 10) : 0;
    found->kind = before > after ? DIFFERENCE_MISSING : DIFFERENCE_EXTRA;
    found->count = before > after ? before - after : after - before;
    return found->count > 0;
}

static bool note_row(void *context, enum difference_kind kind, const struct merge_row *old,
                     const struct merge_row *new, struct error *error)
{
    struct finding *finding = context;
    const struct difference_request *request = finding->request;
    struct difference_row found = {.kind = kind, .count = 1, .row = old ? old : new};
    if (!request->shape->key_count && !note_equal_rows(&found, old, new))
        return true;
    long long *const sums[] = {[DIFFERENCE_MISSING] = &finding->counts->missing,
                               [DIFFERENCE_EXTRA] = &finding->counts->extra,
                               [DIFFERENCE_CHANGED] = &finding->counts->changed};
    *sums[found.kind] += found.count;
    return !request->found || request->found(request->context, &found, error);
}

static bool merge_rows(struct finding *finding, long buckets, const struct text *list,
                       struct error *error)
{
    const struct difference_request *request = finding->request;
    struct text old = {0}, new = {0};
    bool merged = rows_statement(request, request->shape, buckets, list, &old, error) &&
                  rows_statement(request, request->new_shape, buckets, list, &new, error) &&
                  merge_servers(request->old, text_string(&old), request->new, text_string(&new),
                                note_row, finding, error);
    text_free(&old);
    text_free(&new);
    return merged;
}

bool difference_find(const struct difference_request *request, struct difference_counts *counts,
                     struct error *error)
{
    struct finding finding = {request, counts};
    struct text list = {0};
    long buckets = difference_buckets(request->rows), differing = 0;
    *counts = (struct difference_counts){0};
    bool found = compare_buckets(request, buckets, &list, &differing, error);
    /* Where half of them differ, looking each row's bucket up costs more than it spares. */
    if (differing > buckets / 2)
        text_consume(&list, list.length);
    if (found && differing)
        found = merge_rows(&finding, buckets, &list, error);
    text_free(&list);
    return found || error_wrap(error, "comparing the rows of %s.%s", request->shape->schema,
                               request->shape->name);
}
