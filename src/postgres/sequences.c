/* sequences.c: sequences read many at a time, compared, and set. */
#include "postgres/sequences.h"

#include <stdlib.h>
#include <string.h>

#define BATCH 200

static const char list_sql[] =
    "SELECT n.nspname, c.relname FROM pg_catalog.pg_class c "
    "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "LEFT JOIN pg_catalog.pg_depend d ON d.objid = c.oid AND d.deptype = 'e' "
    "AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass "
    "LEFT JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid "
    "WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' "
    "AND (e.oid IS NULL OR c.oid = ANY (e.extconfig)) "
    "ORDER BY n.nspname COLLATE \"C\", c.relname COLLATE \"C\"";

#define NAMED                                                                                      \
    "pg_catalog.format('%I.%I', $1::pg_catalog.text, $2::pg_catalog.text)::pg_catalog.regclass"
#define SET "pg_catalog.setval(" NAMED ", $3::pg_catalog.int8, $4::pg_catalog.bool)"

static const char set_sql[] = "SELECT " SET;

/* With the same value, one that was handed out already is farther. */
static const char advance_sql[] =
    "SELECT CASE WHEN CASE WHEN $3::pg_catalog.int8 = $5::pg_catalog.int8 "
    "THEN $4::pg_catalog.bool WHEN s.seqincrement > 0 "
    "THEN $3::pg_catalog.int8 > $5::pg_catalog.int8 "
    "ELSE $3::pg_catalog.int8 < $5::pg_catalog.int8 END THEN " SET " END "
    "FROM pg_catalog.pg_sequence s WHERE s.seqrelid = " NAMED;

static bool read_names(struct pg_connection *connection, struct sequence_list *list,
                       struct error *error)
{
    PGresult *result = pg_query(connection, list_sql, 0, NULL, error);
    if (!result)
        return false;
    size_t count = (size_t)PQntuples(result);
    list->items = xcalloc(count + 1, sizeof *list->items);
    for (; list->count < count; list->count++)
        list->items[list->count] =
            (struct sequence){.schema = xstrdup(pg_field(result, (int)list->count, 0)),
                              .name = xstrdup(pg_field(result, (int)list->count, 1))};
    PQclear(result);
    return true;
}

static bool batch_statement(struct pg_connection *connection, const struct sequence_list *list,
                            size_t first, size_t end, struct text *sql, struct error *error)
{
    for (size_t i = first; i < end; i++) {
        text_printf(sql, "%sSELECT %zu, last_value, is_called FROM ",
                    i > first ? " UNION ALL " : "", i);
        if (!pg_add_identifier(connection, sql, list->items[i].schema, error))
            return false;
        text_add(sql, ".");
        if (!pg_add_identifier(connection, sql, list->items[i].name, error))
            return false;
    }
    return true;
}

static bool read_batch(struct pg_connection *connection, const struct sequence_list *list,
                       size_t first, size_t end, struct error *error)
{
    struct text sql = {0};
    PGresult *result = batch_statement(connection, list, first, end, &sql, error)
                           ? pg_query(connection, text_string(&sql), 0, NULL, error)
                           : NULL;
    text_free(&sql);
    for (int row = 0; result && row < PQntuples(result); row++) {
        long long index = pg_number(result, row, 0);
        if (index < (long long)first || index >= (long long)end)
            continue;
        free(list->items[index].last_value);
        list->items[index].last_value = xstrdup(pg_field(result, row, 1));
        list->items[index].called = pg_true(result, row, 2);
    }
    PQclear(result);
    return result != NULL;
}

bool sequences_read(struct pg_connection *connection, struct sequence_list *list,
                    struct error *error)
{
    *list = (struct sequence_list){0};
    bool read = read_names(connection, list, error);
    for (size_t first = 0; read && first < list->count; first += BATCH) {
        size_t left = list->count - first;
        read = read_batch(connection, list, first, first + (left < BATCH ? left : BATCH), error);
    }
    return read || error_wrap(error, "reading the sequences");
}

void sequence_list_free(struct sequence_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].schema);
        free(list->items[i].name);
        free(list->items[i].last_value);
    }
    free(list->items);
    *list = (struct sequence_list){0};
}

static int order(const struct sequence *left, const struct sequence *right)
{
    int result = strcmp(left->schema, right->schema);
    return result ? result : strcmp(left->name, right->name);
}

static bool same_value(const struct sequence *left, const struct sequence *right)
{
    return left->called == right->called && text_equal(left->last_value, right->last_value);
}

void sequences_compare(const struct sequence_list *old, const struct sequence_list *new,
                       void (*found)(void *context, const struct sequence *old,
                                     const struct sequence *new),
                       void *context)
{
    size_t left = 0, right = 0;
    while (left < old->count || right < new->count) {
        const struct sequence *before = left < old->count ? &old->items[left] : NULL;
        const struct sequence *after = right < new->count ? &new->items[right] : NULL;
        int sign = !before ? 1 : !after ? -1 : order(before, after);
        left += sign <= 0;
        right += sign >= 0;
        if (sign != 0 || !same_value(before, after))
            found(context, sign <= 0 ? before : NULL, sign >= 0 ? after : NULL);
    }
}

static bool set_by(struct pg_connection *connection, const char *sql,
                   const struct sequence *sequence, const struct sequence *now, bool *left,
                   struct error *error)
{
    const char *const values[] = {sequence->schema, sequence->name, sequence->last_value,
                                  sequence->called ? "true" : "false",
                                  now ? now->last_value : NULL};
    PGresult *result = pg_query(connection, sql, now ? 5 : 4, values, error);
    *left = result && PQgetisnull(result, 0, 0);
    PQclear(result);
    return result ||
           error_wrap(error, "setting the sequence %s.%s", sequence->schema, sequence->name);
}

bool sequence_set(struct pg_connection *connection, const struct sequence *sequence,
                  struct error *error)
{
    bool left;
    return set_by(connection, set_sql, sequence, NULL, &left, error);
}

bool sequence_advance(struct pg_connection *connection, const struct sequence *sequence,
                      const struct sequence *now, bool *farther, struct error *error)
{
    return set_by(connection, advance_sql, sequence, now, farther, error);
}
