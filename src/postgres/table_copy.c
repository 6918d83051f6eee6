/* table_copy.c: the rows that differ carried over, in one transaction of the new server's. */
#include "postgres/table_copy.h"

#include "postgres/difference.h"
#include "postgres/key_list.h"
#include "postgres/stream.h"
#include "postgres/table_copy_parts.h"

#include <stdlib.h>

#define FEW_ROWS 1000 /* by key, however small the table */

static const char begin_sql[] = "BEGIN; SET LOCAL session_replication_role = replica; "
                                "SET CONSTRAINTS ALL DEFERRED";

/* What acts in spite of session_replication_role: how it's disabled, and how it was. */
#define HINDRANCES                                                                                 \
    "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "         \
    "JOIN (SELECT tgrelid, 'TRIGGER', tgname, tgenabled FROM pg_catalog.pg_trigger "               \
    "WHERE NOT tgisinternal UNION ALL "                                                            \
    "SELECT ev_class, 'RULE', rulename, ev_enabled FROM pg_catalog.pg_rewrite) "                   \
    "AS a (relation, kind, name, enabled) ON a.relation = c.oid AND a.enabled IN ('A', 'R') "      \
    "WHERE c.relkind = 'r'"
static const char always_sql[] =
    "SELECT pg_catalog.format('ALTER TABLE ONLY %I.%I DISABLE %s %I', n.nspname, c.relname, kind, "
    "name), pg_catalog.format('ALTER TABLE ONLY %I.%I ENABLE %s %s %I', n.nspname, c.relname, "
    "CASE enabled WHEN 'A' THEN 'ALWAYS' ELSE 'REPLICA' END, kind, name) " HINDRANCES
    " AND n.nspname = $1 AND c.relname = $2";
static const char hindered_sql[] = "SELECT DISTINCT n.nspname, c.relname " HINDRANCES;

/* TRUNCATE refuses a table that a foreign key points to. */
static const char referenced_sql[] = "SELECT EXISTS (SELECT FROM pg_catalog.pg_constraint f "
                                     "JOIN pg_catalog.pg_class c ON c.oid = f.confrelid "
                                     "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
                                     "WHERE f.contype = 'f' AND n.nspname = $1 AND c.relname = $2)";

bool table_copy_begin(struct pg_connection *new, struct error *error)
{
    return pg_execute(new, begin_sql, error) ||
           error_wrap(error, "beginning the transaction that catches up");
}

struct gathering {
    struct table_copy *copy;
    struct key_list remove, fetch;
};

static bool gather(void *context, const struct difference_row *row, struct error *error)
{
    struct gathering *gathering = context;
    const struct table_copy *copy = gathering->copy;
    const char *const *names = row->row->names;
    return (row->kind == DIFFERENCE_MISSING ||
            key_list_add(&gathering->remove, copy->new, copy->shape, names, error)) &&
           (row->kind == DIFFERENCE_EXTRA ||
            key_list_add(&gathering->fetch, copy->new, copy->shape, names, error));
}

static bool find_keys(struct gathering *gathering, struct error *error)
{
    struct table_copy *copy = gathering->copy;
    struct difference_counts counts = {0};
    struct difference_request request = {.old = copy->old,
                                         .new = copy->new,
                                         .shape = copy->shape,
                                         .new_shape = copy->new_shape,
                                         .rows = copy->rows,
                                         .found = gather,
                                         .context = gathering};
    copy->whole = copy->shape->key_count == 0;
    if (copy->whole)
        return true;
    if (!difference_find(&request, &counts, error))
        return false;
    long long keys = counts.missing + counts.extra + counts.changed;
    copy->whole = gathering->remove.overflow || gathering->fetch.overflow ||
                  (keys > FEW_ROWS && keys > copy->rows / 2);
    return true;
}

bool table_copy_count(struct pg_connection *connection, const char *sql, long long *rows,
                      struct error *error)
{
    PGresult *result = pg_query(connection, sql, 0, NULL, error);
    if (result)
        *rows += strtoll(PQcmdTuples(result), NULL, 10);
    PQclear(result);
    return result != NULL;
}

bool table_copy_remove(struct table_copy *copy, const struct key_list *list, size_t batch,
                       struct error *error)
{
    struct text sql = {0};
    text_add(&sql, "DELETE FROM ONLY ");
    bool removed = table_shape_add_name(copy->new, copy->shape, &sql, error);
    text_add(&sql, " t USING ");
    key_list_add_values(list, batch, copy->shape, &sql);
    text_add(&sql, " WHERE ");
    removed = removed && key_list_add_condition(copy->new, copy->shape, &sql, error);
    table_shape_add_condition(copy->new_shape, " AND ", &sql);
    removed = removed && table_copy_count(copy->new, text_string(&sql), &copy->removed, error);
    text_free(&sql);
    return removed;
}

static bool add_from(const struct table_copy *copy, struct text *sql, struct error *error)
{
    text_add(sql, "COPY (SELECT ");
    if (!table_shape_add_copied(copy->old, copy->shape, "t.", sql, error))
        return false;
    text_add(sql, " FROM ONLY ");
    if (!table_shape_add_name(copy->old, copy->shape, sql, error))
        return false;
    text_add(sql, " t");
    return true;
}

static bool add_into(const struct table_copy *copy, struct text *sql, struct error *error)
{
    struct text columns = {0};
    text_add(sql, "COPY ");
    bool added = table_shape_add_name(copy->new, copy->shape, sql, error) &&
                 table_shape_add_copied(copy->new, copy->shape, "", &columns, error);
    if (columns.length) /* a table may be without a column */
        text_printf(sql, " (%s)", text_string(&columns));
    text_add(sql, " FROM STDIN");
    text_free(&columns);
    return added;
}

bool table_copy_bring(struct table_copy *copy, const char *which, struct error *error)
{
    struct text from = {0}, into = {0};
    bool brought = add_from(copy, &from, error) && add_into(copy, &into, error);
    text_printf(&from, "%s) TO STDOUT", which);
    brought = brought && pg_copy_between(copy->old, text_string(&from), copy->new,
                                         text_string(&into), &copy->copied, error);
    text_free(&from);
    text_free(&into);
    return brought;
}

/* With `list` the rows of one of its batches, else all. */
static bool fetch(struct table_copy *copy, const struct key_list *list, size_t batch,
                  struct error *error)
{
    struct text which = {0};
    bool fetched = true;
    if (list) {
        text_add(&which, " JOIN ");
        key_list_add_values(list, batch, copy->shape, &which);
        text_add(&which, " ON ");
        fetched = key_list_add_condition(copy->old, copy->shape, &which, error);
    }
    table_shape_add_condition(copy->shape, " WHERE ", &which);
    fetched = fetched && table_copy_bring(copy, text_string(&which), error);
    text_free(&which);
    return fetched;
}

static bool copy_keys(struct gathering *gathering, struct error *error)
{
    bool copied = true;
    for (size_t i = 0; copied && i < gathering->remove.count; i++)
        copied = table_copy_remove(gathering->copy, &gathering->remove, i, error);
    for (size_t i = 0; copied && i < gathering->fetch.count; i++)
        copied = fetch(gathering->copy, &gathering->fetch, i, error);
    return copied;
}

static PGresult *ask_table(const struct table_copy *copy, const char *sql, struct error *error)
{
    const char *const values[] = {copy->shape->schema, copy->shape->name};
    return pg_query(copy->new, sql, 2, values, error);
}

static bool empty_table(struct table_copy *copy, struct error *error)
{
    struct text sql = {0};
    PGresult *referenced = ask_table(copy, referenced_sql, error);
    bool emptied = referenced != NULL;
    bool some = copy->new_shape->condition || (emptied && pg_true(referenced, 0, 0));
    PQclear(referenced);
    text_add(&sql, some ? "DELETE FROM ONLY " : "TRUNCATE ONLY ");
    emptied = emptied && table_shape_add_name(copy->new, copy->shape, &sql, error);
    table_shape_add_condition(copy->new_shape, " t WHERE ", &sql);
    emptied = emptied && table_copy_count(copy->new, text_string(&sql), &copy->removed, error);
    text_free(&sql);
    return emptied;
}

static bool copy_rows(struct table_copy *copy, void *context, struct error *error)
{
    (void)context;
    struct gathering gathering = {.copy = copy};
    bool copied = find_keys(&gathering, error);
    if (copied)
        copied = copy->whole ? empty_table(copy, error) && fetch(copy, NULL, 0, error)
                             : copy_keys(&gathering, error);
    key_list_free(&gathering.remove);
    key_list_free(&gathering.fetch);
    return copied;
}

static bool run_column(struct pg_connection *connection, const PGresult *statements, int column,
                       struct error *error)
{
    for (int row = 0; row < PQntuples(statements); row++)
        if (!pg_execute(connection, pg_field(statements, row, column), error))
            return false;
    return true;
}

bool table_copy_unhindered(struct table_copy *copy, table_copy_body *body, void *context,
                           struct error *error)
{
    copy->removed = copy->copied = 0;
    if (copy->unhindered)
        return body(copy, context, error) ||
               error_wrap(error, "copying %s.%s again", copy->shape->schema, copy->shape->name);
    PGresult *always = ask_table(copy, always_sql, error);
    bool copied = always && run_column(copy->new, always, 0, error) && body(copy, context, error) &&
                  run_column(copy->new, always, 1, error);
    PQclear(always);
    return copied ||
           error_wrap(error, "copying %s.%s again", copy->shape->schema, copy->shape->name);
}

bool table_copy(struct table_copy *copy, struct error *error)
{
    return table_copy_unhindered(copy, copy_rows, NULL, error);
}

bool table_copy_hindered(struct pg_connection *new,
                         void (*found)(void *context, const char *schema, const char *name),
                         void *context, struct error *error)
{
    PGresult *tables = pg_query(new, hindered_sql, 0, NULL, error);
    for (int row = 0; tables && row < PQntuples(tables); row++)
        found(context, pg_field(tables, row, 0), pg_field(tables, row, 1));
    PQclear(tables);
    return tables || error_wrap(error, "looking for triggers that always act");
}
