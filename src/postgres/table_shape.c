/* table_shape.c: columns and keys, asked of the system catalogs. */
#include "postgres/table_shape.h"

#include "postgres/catalog.h"

#include <stdlib.h>
#include <string.h>

/* The columns of the answer. */
enum { NAME, TYPE, KEY_TYPE, GENERATED, KEY_PLACE, OPERATOR, TYPE_OID, CONDITION };

/* The types without a modifier (-1) are those that cut no value when one is cast to them. */
static const char shape_sql[] =
    "WITH asked AS (SELECT c.oid, " DUMPED_ROWS_SQL " AS condition FROM pg_catalog.pg_class c "
    "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE n.nspname = $1 AND c.relname = $2), "
    "chosen AS (SELECT i.* FROM pg_catalog.pg_index i "
    "JOIN asked ON asked.oid = i.indrelid JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid "
    "JOIN pg_catalog.pg_am m ON m.oid = x.relam AND m.amname = 'btree' "
    "WHERE i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL "
    "AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a "
    "WHERE a.attrelid = i.indrelid AND NOT a.attnotnull "
    "AND a.attnum = ANY ((i.indkey::pg_catalog.int2[])[0:i.indnkeyatts - 1])) "
    "ORDER BY i.indisprimary DESC, i.indisreplident DESC, i.indnkeyatts, i.indexrelid LIMIT 1), "
    "keys AS (SELECT k.place, chosen.indkey[k.place] AS attnum, "
    "pg_catalog.format('OPERATOR(%I.%s)', n.nspname, o.oprname) AS equals "
    "FROM chosen CROSS JOIN pg_catalog.generate_series(0, chosen.indnkeyatts - 1) AS k (place) "
    "JOIN pg_catalog.pg_opclass c ON c.oid = chosen.indclass[k.place] "
    "JOIN pg_catalog.pg_amop p ON p.amopfamily = c.opcfamily AND p.amopstrategy = 3 "
    "AND p.amoplefttype = c.opcintype AND p.amoprighttype = c.opcintype "
    "JOIN pg_catalog.pg_operator o ON o.oid = p.amopopr "
    "JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace) "
    "SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), "
    "pg_catalog.format_type(a.atttypid, -1), a.attgenerated <> '', coalesce(k.place, -1), "
    "coalesce(k.equals, ''), a.atttypid, coalesce(asked.condition, '') FROM asked "
    "JOIN pg_catalog.pg_attribute a ON a.attrelid = asked.oid AND a.attnum > 0 "
    "AND NOT a.attisdropped LEFT JOIN keys k ON k.attnum = a.attnum ORDER BY a.attnum";

/* Source: PostgreSQL's pg_type.dat, whose numbers never change. */
static const struct {
    long long oid;
    enum shape_position position;
} positions[] = {
    {20, POSITION_INTEGER},   {21, POSITION_INTEGER},   {23, POSITION_INTEGER},
    {1114, POSITION_SECONDS}, {1184, POSITION_SECONDS}, {1082, POSITION_SECONDS},
    {2950, POSITION_UUID},
};

static enum shape_position position_of(long long oid)
{
    for (size_t i = 0; i < sizeof positions / sizeof positions[0]; i++)
        if (positions[i].oid == oid)
            return positions[i].position;
    return POSITION_HASH;
}

static void take_column(struct table_shape *shape, const PGresult *result, int row)
{
    long long place = pg_number(result, row, KEY_PLACE);
    shape->columns[shape->count] = (struct shape_column){
        .name = xstrdup(pg_field(result, row, NAME)),
        .type = xstrdup(pg_field(result, row, TYPE)),
        .key_type = xstrdup(pg_field(result, row, KEY_TYPE)),
        .equals = xstrdup(pg_field(result, row, OPERATOR)),
        .generated = pg_true(result, row, GENERATED),
    };
    if (place >= 0 && place < PQntuples(result)) {
        shape->key[place] = shape->count;
        shape->key_count++;
        shape->position = position_of(pg_number(result, row, TYPE_OID));
    }
    shape->count++;
}

bool table_shape_read(struct pg_connection *connection, const char *schema, const char *name,
                      struct table_shape *shape, struct error *error)
{
    const char *const values[] = {schema, name};
    *shape = (struct table_shape){.schema = xstrdup(schema), .name = xstrdup(name)};
    PGresult *result = pg_query(connection, shape_sql, 2, values, error);
    if (!result)
        return error_wrap(error, "reading the columns of %s.%s", schema, name);
    size_t count = (size_t)PQntuples(result);
    shape->columns = xcalloc(count + 1, sizeof *shape->columns);
    shape->key = xcalloc(count + 1, sizeof *shape->key);
    for (int row = 0; row < PQntuples(result); row++)
        take_column(shape, result, row);
    if (shape->count && *pg_field(result, 0, CONDITION))
        shape->condition = xstrdup(pg_field(result, 0, CONDITION));
    PQclear(result);
    if (shape->key_count != 1)
        shape->position = POSITION_HASH;
    return true;
}

void table_shape_free(struct table_shape *shape)
{
    for (size_t i = 0; i < shape->count; i++) {
        free(shape->columns[i].name);
        free(shape->columns[i].type);
        free(shape->columns[i].key_type);
        free(shape->columns[i].equals);
    }
    free(shape->columns);
    free(shape->key);
    free(shape->schema);
    free(shape->name);
    free(shape->condition);
    *shape = (struct table_shape){0};
}

static bool has_column(const struct table_shape *shape, const struct shape_column *wanted)
{
    for (size_t i = 0; i < shape->count; i++)
        if (!strcmp(shape->columns[i].name, wanted->name))
            return !strcmp(shape->columns[i].type, wanted->type) &&
                   shape->columns[i].generated == wanted->generated;
    return false;
}

bool table_shapes_alike(const struct table_shape *left, const struct table_shape *right)
{
    bool alike = left->count == right->count;
    for (size_t i = 0; alike && i < left->count; i++)
        alike = has_column(right, &left->columns[i]);
    return alike;
}

void table_shape_add_condition(const struct table_shape *shape, const char *word, struct text *sql)
{
    if (shape->condition)
        text_printf(sql, "%s%s", word, shape->condition);
}

bool table_shape_add_name(struct pg_connection *connection, const struct table_shape *shape,
                          struct text *sql, struct error *error)
{
    if (!pg_add_identifier(connection, sql, shape->schema, error))
        return false;
    text_add(sql, ".");
    return pg_add_identifier(connection, sql, shape->name, error);
}

bool table_shape_add_copied(struct pg_connection *connection, const struct table_shape *shape,
                            const char *prefix, struct text *sql, struct error *error)
{
    const char *comma = "";
    for (size_t i = 0; i < shape->count; i++) {
        if (shape->columns[i].generated)
            continue;
        text_printf(sql, "%s%s", comma, prefix);
        if (!pg_add_identifier(connection, sql, shape->columns[i].name, error))
            return false;
        comma = ", ";
    }
    return true;
}

bool table_shape_add_key(struct pg_connection *connection, const struct table_shape *shape,
                         size_t index, struct text *sql, struct error *error)
{
    text_add(sql, "t.");
    return pg_add_identifier(connection, sql, shape->columns[shape->key[index]].name, error);
}

bool table_shape_add_row_hash(struct pg_connection *connection, const struct table_shape *shape,
                              struct text *sql, struct error *error)
{
    text_add(sql, "pg_catalog.hashtextextended(ROW(");
    for (size_t i = 0; i < shape->count; i++) {
        bool bytes = !strcmp(shape->columns[i].type, "bytea");
        text_printf(sql, "%s%st.", i ? ", " : "", bytes ? "pg_catalog.sha256(" : "");
        if (!pg_add_identifier(connection, sql, shape->columns[i].name, error))
            return false;
        text_add(sql, bytes ? ")" : "");
    }
    text_add(sql, ")::pg_catalog.text COLLATE pg_catalog.\"C\", 0)");
    return true;
}
