/* row_transfer.c: removes what went, by key or by contents, and brings what came. */
#include "postgres/row_transfer.h"

#include "postgres/merge.h"
#include "postgres/table_copy_parts.h"

#include <stdlib.h>

struct transfer {
    struct pg_connection *before;
    const struct row_changes *changes;
    bool *exact;
};

static bool add_from(struct pg_connection *connection, const struct table_copy *copy,
                     struct text *sql, struct error *error)
{
    text_add(sql, " FROM ONLY ");
    return table_shape_add_name(connection, copy->shape, sql, error);
}

/* "SELECT keys FROM ONLY table t WHERE t.ctid = ANY (...)", as the snapshot before has them. */
static bool keys_statement(const struct transfer *transfer, const struct table_copy *copy,
                           size_t first, struct text *sql, struct error *error)
{
    text_add(sql, "SELECT ");
    for (size_t i = 0; i < copy->shape->key_count; i++) {
        text_add(sql, i ? ", (" : "(");
        if (!table_shape_add_key(transfer->before, copy->shape, i, sql, error))
            return false;
        text_add(sql, ")::pg_catalog.text");
    }
    if (!add_from(transfer->before, copy, sql, error))
        return false;
    text_add(sql, " t WHERE ");
    row_places_add_condition(&transfer->changes->removed, first, sql);
    return true;
}

static bool list_keys(const struct table_copy *copy, const PGresult *rows, struct key_list *list,
                      struct error *error)
{
    const char *values[MERGE_NAMES_MAX];
    if (PQnfields(rows) > MERGE_NAMES_MAX)
        return error_set(error, ERROR_SERVER, "a key of %d columns", PQnfields(rows));
    for (int row = 0; row < PQntuples(rows); row++) {
        for (int column = 0; column < PQnfields(rows); column++)
            values[column] = pg_field(rows, row, column);
        if (!key_list_add(list, copy->new, copy->shape, values, error))
            return false;
    }
    return true;
}

/* A batch of places at a time, so that memory doesn't grow with the rows. */
static bool remove_by_key(const struct transfer *transfer, struct table_copy *copy, size_t first,
                          struct error *error)
{
    struct text sql = {0};
    struct key_list list = {0};
    PGresult *rows = keys_statement(transfer, copy, first, &sql, error)
                         ? pg_query(transfer->before, text_string(&sql), 0, NULL, error)
                         : NULL;
    bool removed = rows && list_keys(copy, rows, &list, error);
    for (size_t i = 0; removed && i < list.count; i++)
        removed = table_copy_remove(copy, &list, i, error);
    *transfer->exact = *transfer->exact && !list.overflow;
    PQclear(rows);
    key_list_free(&list);
    text_free(&sql);
    return removed;
}

static PGresult *ask_hashes(const struct transfer *transfer, const struct table_copy *copy,
                            size_t first, struct error *error)
{
    struct text sql = {0};
    text_add(&sql, "SELECT ");
    bool added = table_shape_add_row_hash(transfer->before, copy->shape, &sql, error);
    text_add(&sql, ", pg_catalog.count(*)");
    added = added && add_from(transfer->before, copy, &sql, error);
    text_add(&sql, " t WHERE ");
    row_places_add_condition(&transfer->changes->removed, first, &sql);
    text_add(&sql, " GROUP BY 1");
    PGresult *result = added ? pg_query(transfer->before, text_string(&sql), 0, NULL, error) : NULL;
    text_free(&sql);
    return result;
}

/* Of the rows with each of these contents as many as went, whichever: they are equal. */
static bool equal_statement(const struct table_copy *copy, const PGresult *hashes, struct text *sql,
                            struct error *error)
{
    text_add(sql, "DELETE FROM ONLY ");
    if (!table_shape_add_name(copy->new, copy->shape, sql, error))
        return false;
    text_add(sql, " WHERE ctid = ANY (ARRAY(SELECT r.place FROM (SELECT h.place, h.hash, "
                  "pg_catalog.row_number() OVER (PARTITION BY h.hash) AS n FROM (SELECT t.ctid, ");
    if (!table_shape_add_row_hash(copy->new, copy->shape, sql, error) ||
        !add_from(copy->new, copy, sql, error))
        return false;
    text_add(sql, " t) AS h (place, hash)) AS r JOIN (VALUES ");
    for (int row = 0; row < PQntuples(hashes); row++)
        text_printf(sql, "%s(%lld::pg_catalog.int8, %lld::pg_catalog.int8)", row ? ", " : "",
                    pg_number(hashes, row, 0), pg_number(hashes, row, 1));
    text_add(sql, ") AS w (hash, n) ON w.hash = r.hash AND r.n <= w.n))");
    return true;
}

static bool remove_by_contents(const struct transfer *transfer, struct table_copy *copy,
                               size_t first, struct error *error)
{
    struct text sql = {0};
    PGresult *hashes = ask_hashes(transfer, copy, first, error);
    bool removed =
        hashes && (PQntuples(hashes) == 0 ||
                   (equal_statement(copy, hashes, &sql, error) &&
                    table_copy_count(copy->new, text_string(&sql), &copy->removed, error)));
    PQclear(hashes);
    text_free(&sql);
    return removed;
}

static bool bring(const struct transfer *transfer, struct table_copy *copy, struct error *error)
{
    bool brought = true;
    for (size_t i = 0; brought && i < transfer->changes->added.count; i += ROW_PLACES_BATCH) {
        struct text which = {0};
        text_add(&which, " WHERE ");
        row_places_add_condition(&transfer->changes->added, i, &which);
        brought = table_copy_bring(copy, text_string(&which), error);
        text_free(&which);
    }
    return brought;
}

static bool remove_and_bring(struct table_copy *copy, void *context, struct error *error)
{
    const struct transfer *transfer = context;
    const struct row_changes *changes = transfer->changes;
    bool done = true;
    for (size_t i = 0; done && i < changes->removed.count; i += ROW_PLACES_BATCH)
        done = copy->shape->key_count ? remove_by_key(transfer, copy, i, error)
                                      : remove_by_contents(transfer, copy, i, error);
    *transfer->exact = *transfer->exact && copy->removed == (long long)changes->removed.count;
    done = done && (!*transfer->exact || bring(transfer, copy, error));
    *transfer->exact = *transfer->exact && copy->copied == (long long)changes->added.count;
    return done;
}

bool row_transfer(struct table_copy *copy, struct pg_connection *before,
                  const struct row_changes *changes, bool *exact, struct error *error)
{
    struct transfer transfer = {before, changes, exact};
    *exact = true;
    return table_copy_unhindered(copy, remove_and_bring, &transfer, error);
}
