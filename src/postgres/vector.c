/* vector.c: pgvector's columns, found through the catalogs, and a query that uses their operators.
 */
#include "postgres/vector.h"

#include <stdlib.h>
#include <string.h>

/* What belongs to the extension vector, wherever its schema is. */
#define VECTOR_COLUMNS                                                                             \
    "FROM pg_catalog.pg_attribute a "                                                              \
    "JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'm') "                \
    "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "                                    \
    "JOIN pg_catalog.pg_type t ON t.oid = a.atttypid "                                             \
    "AND t.typname IN ('vector', 'halfvec', 'sparsevec') "                                         \
    "JOIN pg_catalog.pg_depend d ON d.objid = t.oid AND d.deptype = 'e' "                          \
    "AND d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass "                                   \
    "JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid AND e.extname = 'vector' "               \
    "JOIN pg_catalog.pg_namespace x ON x.oid = t.typnamespace "
#define NOT_DROPPED "WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relpersistence <> 't' "

/* The index's first key is the column; its operator family says which distance it orders by. */
static const char columns_sql[] =
    "SELECT n.nspname, c.relname, a.attname, t.typname, x.nspname, coalesce(i.name, ''), "
    "coalesce(i.operator, '<->') " VECTOR_COLUMNS
    "LEFT JOIN LATERAL (SELECT k.relname AS name, o.oprname AS operator "
    "FROM pg_catalog.pg_index ix JOIN pg_catalog.pg_class k ON k.oid = ix.indexrelid "
    "JOIN pg_catalog.pg_am m ON m.oid = k.relam AND m.amname IN ('hnsw', 'ivfflat') "
    "JOIN pg_catalog.pg_opclass oc ON oc.oid = ix.indclass[0] "
    "JOIN pg_catalog.pg_amop ao ON ao.amopfamily = oc.opcfamily AND ao.amoppurpose = 'o' "
    "JOIN pg_catalog.pg_operator o ON o.oid = ao.amopopr "
    "WHERE ix.indrelid = c.oid AND ix.indkey[0] = a.attnum AND ix.indisvalid "
    "AND ix.indpred IS NULL ORDER BY k.relname LIMIT 1) i ON true " NOT_DROPPED
    "ORDER BY 1, 2, a.attnum";

static const char count_sql[] = "SELECT pg_catalog.count(*) " VECTOR_COLUMNS NOT_DROPPED;

bool vector_columns(struct pg_connection *connection, struct vector_columns *list,
                    struct error *error)
{
    *list = (struct vector_columns){0};
    PGresult *result = pg_query(connection, columns_sql, 0, NULL, error);
    if (!result)
        return error_wrap(error, "looking for vector columns");
    list->count = (size_t)PQntuples(result);
    list->items = xcalloc(list->count + 1, sizeof *list->items);
    for (int row = 0; row < PQntuples(result); row++)
        list->items[row] = (struct vector_column){
            .schema = xstrdup(pg_field(result, row, 0)),
            .table = xstrdup(pg_field(result, row, 1)),
            .column = xstrdup(pg_field(result, row, 2)),
            .type = xstrdup(pg_field(result, row, 3)),
            .extension_schema = xstrdup(pg_field(result, row, 4)),
            .index = xstrdup(pg_field(result, row, 5)),
            .operator_name = xstrdup(pg_field(result, row, 6)),
        };
    PQclear(result);
    return true;
}

void vector_columns_free(struct vector_columns *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].schema);
        free(list->items[i].table);
        free(list->items[i].column);
        free(list->items[i].type);
        free(list->items[i].extension_schema);
        free(list->items[i].index);
        free(list->items[i].operator_name);
    }
    free(list->items);
    *list = (struct vector_columns){0};
}

bool vector_column_count(struct pg_connection *connection, long *count, struct error *error)
{
    char *value = pg_value(connection, count_sql, error);
    *count = value ? strtol(value, NULL, 10) : 0;
    bool counted = value != NULL;
    free(value);
    return counted || error_wrap(error, "looking for vector columns");
}

static bool add_names(struct pg_connection *connection, struct text *sql, const char *first,
                      const char *second, struct error *error)
{
    if (!pg_add_identifier(connection, sql, first, error))
        return false;
    text_add(sql, ".");
    return pg_add_identifier(connection, sql, second, error);
}

/* SELECT 1 FROM s.t ORDER BY c OPERATOR(x.<->) (SELECT c FROM s.t WHERE c IS NOT NULL LIMIT 1)
 * LIMIT 3 */
static bool add_query(struct pg_connection *connection, const struct vector_column *column,
                      struct text *sql, struct error *error)
{
    struct text table = {0}, name = {0}, schema = {0};
    bool quoted = add_names(connection, &table, column->schema, column->table, error) &&
                  pg_add_identifier(connection, &name, column->column, error) &&
                  pg_add_identifier(connection, &schema, column->extension_schema, error);
    if (quoted)
        text_printf(sql,
                    "SELECT 1 FROM %s WHERE %s IS NOT NULL ORDER BY %s OPERATOR(%s.%s) (SELECT %s "
                    "FROM %s WHERE %s IS NOT NULL LIMIT 1) LIMIT 3",
                    table.bytes, name.bytes, name.bytes, schema.bytes, column->operator_name,
                    name.bytes, table.bytes, name.bytes);
    text_free(&table);
    text_free(&name);
    text_free(&schema);
    return quoted;
}

static bool plan_uses(const PGresult *plan, const char *index)
{
    for (int row = 0; row < PQntuples(plan); row++)
        if (*index && strstr(pg_field(plan, row, 0), index))
            return true;
    return false;
}

static bool explain_and_run(struct pg_connection *connection, const struct vector_column *column,
                            const char *query, struct vector_answer *answer, struct error *error)
{
    char *explain = xprintf("EXPLAIN (COSTS OFF) %s", query);
    PGresult *plan = pg_query(connection, explain, 0, NULL, error);
    free(explain);
    if (!plan)
        return false;
    answer->by_index = plan_uses(plan, column->index);
    PQclear(plan);
    PGresult *result = pg_query(connection, query, 0, NULL, error);
    if (!result)
        return false;
    answer->rows = PQntuples(result);
    PQclear(result);
    return true;
}

bool vector_query(struct pg_connection *connection, const struct vector_column *column,
                  struct vector_answer *answer, struct error *error)
{
    struct text query = {0};
    *answer = (struct vector_answer){0};
    bool done = add_query(connection, column, &query, error) &&
                pg_execute(connection, "BEGIN READ ONLY; SET LOCAL enable_seqscan = off", error) &&
                explain_and_run(connection, column, text_string(&query), answer, error) &&
                pg_execute(connection, "COMMIT", error);
    text_free(&query);
    return done || error_wrap(error, "similarity query on %s.%s.%s", column->schema, column->table,
                              column->column);
}
