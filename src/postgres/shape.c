/* shape.c: tables' storage and columns, read and compared. */
#include "postgres/shape.h"

#include <stdlib.h>
#include <string.h>

#define NAME_AT 74 /* behind oid and digest: 10 digits, 32 and 32 of two MD5 sums */

/* TRUNCATE, CLUSTER, VACUUM FULL and some forms of ALTER TABLE give a table a new file. */
static const char sql[] =
    "SELECT pg_catalog.lpad(c.oid::pg_catalog.text, 10, '0') "
    "|| pg_catalog.md5(pg_catalog.concat_ws(' ', c.relfilenode, c.relkind, n.nspname, c.relname)) "
    "|| pg_catalog.md5(coalesce((SELECT pg_catalog.string_agg(pg_catalog.concat_ws(' ', a.attnum, "
    "a.attname, a.atttypid, a.atttypmod, a.attisdropped, a.attgenerated), ',' ORDER BY a.attnum) "
    "FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0), '')) "
    "|| n.nspname || '.' || c.relname "
    "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' "
    "AND n.nspname <> 'information_schema' ORDER BY c.oid";

bool shape_read(struct pg_connection *connection, struct shape *shape, struct error *error)
{
    PGresult *result = pg_query(connection, sql, 0, NULL, error);
    *shape = (struct shape){0};
    if (!result)
        return error_wrap(error, "reading what the tables are made of");
    for (int row = 0; row < PQntuples(result); row++)
        text_list_add(&shape->tables, pg_field(result, row, 0));
    PQclear(result);
    return true;
}

void shape_free(struct shape *shape)
{
    text_list_free(&shape->tables);
}

char *shape_first_change(const struct shape *before, const struct shape *after)
{
    size_t right = 0;
    for (size_t left = 0; left < before->tables.count; left++) {
        const char *wanted = before->tables.items[left];
        while (right < after->tables.count && strcmp(after->tables.items[right], wanted) < 0)
            right++;
        if (right < after->tables.count && !strcmp(after->tables.items[right], wanted))
            continue;
        return xstrdup(strlen(wanted) > NAME_AT ? wanted + NAME_AT : wanted);
    }
    return NULL;
}
