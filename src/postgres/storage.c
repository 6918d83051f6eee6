/* storage.c: files of tables and catalogs, asked of pg_class. */
#include "postgres/storage.h"

#include <stdlib.h>
#include <string.h>

#define SHARED_TABLESPACE 1664 /* pg_global, by PostgreSQL's pg_tablespace.dat */

/* The kinds are numbered as in enum storage_kind; -1 is left out. A mapped catalog has no
 * relfilenode in pg_class; no user's table is mapped. */
static const char files_sql[] =
    "SELECT * FROM (SELECT d.oid, CASE c.reltablespace WHEN 0 THEN d.dattablespace "
    "ELSE c.reltablespace END::pg_catalog.int8 AS tablespace, CASE c.relfilenode WHEN 0 THEN "
    "pg_catalog.pg_relation_filenode(c.oid) ELSE c.relfilenode END::pg_catalog.int8 AS file, "
    "CASE WHEN n.nspname <> 'pg_catalog' THEN CASE c.relkind WHEN 'm' THEN 1 ELSE 0 END "
    "WHEN c.relname IN ('pg_statistic', 'pg_statistic_ext_data', 'pg_depend', 'pg_shdepend') "
    "THEN -1 WHEN c.relname IN ('pg_largeobject', 'pg_largeobject_metadata') THEN 2 "
    "WHEN c.relname IN ('pg_class', 'pg_attribute', 'pg_type', 'pg_index', 'pg_constraint', "
    "'pg_attrdef', 'pg_sequence', 'pg_namespace', 'pg_inherits') THEN 3 ELSE 4 END AS kind, "
    "c.relpersistence = 'u' OR coalesce((SELECT am.amhandler <> "
    "'pg_catalog.heap_tableam_handler'::pg_catalog.regproc FROM pg_catalog.pg_am am "
    "WHERE am.oid = c.relam), false), n.nspname, c.relname "
    "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "JOIN pg_catalog.pg_database d ON d.datname = pg_catalog.current_database() "
    "LEFT JOIN pg_catalog.pg_depend e ON e.objid = c.oid AND e.deptype = 'e' "
    "AND e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass "
    "AND e.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass "
    "LEFT JOIN pg_catalog.pg_extension x ON x.oid = e.refobjid "
    "WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't' "
    "AND (n.nspname = 'pg_catalog' OR (n.nspname <> 'information_schema' AND n.nspname !~ '^pg_')) "
    "AND (x.oid IS NULL OR n.nspname = 'pg_catalog' OR c.oid = ANY (x.extconfig))) AS f "
    "WHERE kind >= 0 AND file > 0 ORDER BY tablespace, file";

/* Of pg_class neither where a table lies nor what its statistics say; of the others all. */
static const char schema_begin[] =
    "WITH n AS MATERIALIZED (SELECT * FROM pg_catalog.pg_namespace "
    "WHERE nspname !~ '^pg_(toast_)?temp_'), "
    "c AS MATERIALIZED (SELECT c.* FROM pg_catalog.pg_class c "
    "WHERE c.relpersistence <> 't' AND c.relnamespace IN (SELECT oid FROM n)) "
    "SELECT pg_catalog.concat_ws(' '";
static const struct {
    const char *row, *from;
} schema_parts[] = {
    {"ROW(c.oid, relname, relnamespace, reltype, reloftype, relowner, relam, relpersistence, "
     "relkind, relnatts, relchecks, relhasrules, relrowsecurity, relforcerowsecurity, "
     "relispopulated, relreplident, relispartition, relacl, reloptions, relpartbound)",
     "c WHERE relkind <> 't'"},
    {"n.*", "n"},
    {"a.*", "pg_catalog.pg_attribute a JOIN c ON c.oid = a.attrelid WHERE c.oid >= 16384"},
    {"i.*", "pg_catalog.pg_index i JOIN c ON c.oid = i.indexrelid "
            "WHERE c.oid >= 16384 AND c.relname !~ '^pg_toast_'"},
    {"k.*", "pg_catalog.pg_constraint k WHERE k.connamespace IN (SELECT oid FROM n)"},
    {"f.*", "pg_catalog.pg_attrdef f JOIN c ON c.oid = f.adrelid"},
    {"s.*", "pg_catalog.pg_sequence s JOIN c ON c.oid = s.seqrelid"},
    {"h.*", "pg_catalog.pg_inherits h JOIN c ON c.oid = h.inhrelid"},
    {"t.*", "pg_catalog.pg_type t WHERE t.oid >= 16384 AND t.typnamespace IN (SELECT oid FROM n)"},
};

bool storage_read(struct pg_connection *connection, struct storage *storage, struct error *error)
{
    *storage = (struct storage){0};
    PGresult *result = pg_query(connection, files_sql, 0, NULL, error);
    if (!result)
        return error_wrap(error, "reading which file holds which table");
    size_t count = (size_t)PQntuples(result);
    storage->items = xcalloc(count + 1, sizeof *storage->items);
    for (; storage->count < count; storage->count++) {
        int row = (int)storage->count;
        storage->database = (uint32_t)pg_number(result, row, 0);
        storage->items[storage->count] = (struct storage_file){
            .tablespace = (uint32_t)pg_number(result, row, 1),
            .file = (uint32_t)pg_number(result, row, 2),
            .kind = (enum storage_kind)pg_number(result, row, 3),
            .unlogged = pg_true(result, row, 4),
            .schema = xstrdup(pg_field(result, row, 5)),
            .name = xstrdup(pg_field(result, row, 6)),
        };
    }
    PQclear(result);
    return true;
}

void storage_free(struct storage *storage)
{
    for (size_t i = 0; i < storage->count; i++) {
        free(storage->items[i].schema);
        free(storage->items[i].name);
    }
    free(storage->items);
    *storage = (struct storage){0};
}

static int compare_places(const void *wanted, const void *item)
{
    const struct storage_file *left = wanted, *right = item;
    if (left->tablespace != right->tablespace)
        return left->tablespace < right->tablespace ? -1 : 1;
    return (left->file > right->file) - (left->file < right->file);
}

const struct storage_file *storage_find(const struct storage *storage, uint32_t database,
                                        uint32_t tablespace, uint32_t file)
{
    struct storage_file wanted = {.tablespace = tablespace, .file = file};
    bool here = database == storage->database || (!database && tablespace == SHARED_TABLESPACE);
    return here && storage->count ? bsearch(&wanted, storage->items, storage->count,
                                            sizeof *storage->items, compare_places)
                                  : NULL;
}

char *storage_schema_digest(struct pg_connection *connection, struct error *error)
{
    struct text sql = {0};
    text_add(&sql, schema_begin);
    for (size_t i = 0; i < sizeof schema_parts / sizeof *schema_parts; i++)
        text_printf(&sql,
                    ", (SELECT coalesce(pg_catalog.sum(pg_catalog.hashtextextended((%s)"
                    "::pg_catalog.text COLLATE \"C\", 0)), 0) FROM %s)",
                    schema_parts[i].row, schema_parts[i].from);
    text_add(&sql, ")");
    char *digest = pg_value(connection, text_string(&sql), error);
    text_free(&sql);
    if (!digest)
        error_wrap(error, "reading what the schema is made of");
    return digest;
}
