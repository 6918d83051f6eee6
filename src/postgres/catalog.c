/* catalog.c: what a server holds, asked of its system catalogs. */
#include "postgres/catalog.h"

#include <stdlib.h>
#include <string.h>

/* A database that can't be connected to can't be measured by others than superusers; -1 stands for
 * that, and it isn't in any dump. An invalid one (-2), left behind by an interrupted DROP DATABASE,
 * takes no connection either. */
#define TAKES_CONNECTIONS "datallowconn AND datconnlimit <> -2"
static const char databases_sql[] =
    "SELECT datname, CASE WHEN " TAKES_CONNECTIONS
    " THEN pg_catalog.pg_database_size(oid) ELSE -1 END, "
    "datistemplate, " TAKES_CONNECTIONS " FROM pg_catalog.pg_database WHERE datname <> 'template0' "
    "ORDER BY datname <> 'template1', datname";

/* A column's text as its type's output function makes it, as a dump does, and not by a cast that
 * somebody may have defined. A bytea's would be twice its size and a vector's takes long to make:
 * their own hash stands for them. A domain's function may be one that takes its base type only, and
 * one that isn't strict mustn't be given a NULL. */
#define COLUMN_TEXT_SQL                                                                            \
    "pg_catalog.format(CASE WHEN y.typtype = 'd' OR NOT o.proisstrict "                            \
    "THEN 'ROW(t.%1$I)::pg_catalog.text' "                                                         \
    "WHEN o.pronamespace = 'pg_catalog'::pg_catalog.regnamespace "                                 \
    "AND o.proname IN ('textout', 'varcharout') THEN 't.%1$I::pg_catalog.text' "                   \
    "WHEN o.pronamespace = 'pg_catalog'::pg_catalog.regnamespace AND o.proname = 'byteaout' "      \
    "THEN 'pg_catalog.encode(pg_catalog.sha256(t.%1$I), ''hex'')' "                                \
    "WHEN s.proname IN ('vector_send', 'halfvec_send', 'sparsevec_send') "                         \
    "THEN 'pg_catalog.encode(pg_catalog.sha256(%4$s.%5$I(t.%1$I)), ''hex'')' "                     \
    "ELSE 'pg_catalog.textin(%2$s.%3$I(t.%1$I))' END, a.attname, "                                 \
    "o.pronamespace::pg_catalog.regnamespace, o.proname, "                                         \
    "s.pronamespace::pg_catalog.regnamespace, s.proname)"

/* Each column's hash has the hash of its name for a seed, which stands for NULL as well: values
 * that change places give another sum. The row's is the hash of that. Forty at a time: a sum of
 * 1,600 would be too deep for the server's parser. */
#define ROW_HASH_SQL                                                                               \
    "(SELECT pg_catalog.format('pg_catalog.hashtextextended('''' COLLATE pg_catalog.\"C\", %s)', " \
    "coalesce(pg_catalog.string_agg('(' || part || ')', ' OPERATOR(pg_catalog.#) '), '0')) FROM "  \
    "(SELECT pg_catalog.string_agg(hash, ' OPERATOR(pg_catalog.#) ') AS part FROM "                \
    "(SELECT (pg_catalog.row_number() OVER ()) / 40 AS number, pg_catalog.format("                 \
    "'coalesce(pg_catalog.hashtextextended(%1$s COLLATE pg_catalog.\"C\", ''%2$s''), "             \
    "''%2$s'')', " COLUMN_TEXT_SQL                                                                 \
    ", pg_catalog.hashtextextended(a.attname::pg_catalog.text COLLATE \"C\", 0)) AS hash "         \
    "FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type y ON y.oid = a.atttypid "              \
    "JOIN pg_catalog.pg_proc o ON o.oid = y.typoutput "                                            \
    "LEFT JOIN pg_catalog.pg_proc s ON s.oid = y.typsend "                                         \
    "WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) hashes "                    \
    "GROUP BY number) parts)"

/* The kinds are numbered as in enum pg_table_kind. Sizes are measured, as the catalog's own numbers
 * are 0 until somebody has vacuumed. */
static const char tables_sql[] =
    "SELECT n.nspname, c.relname, coalesce(pg_catalog.pg_table_size(c.oid), 0) / 8192, "
    "CASE WHEN e.oid IS NOT NULL THEN 2 WHEN c.relkind = 'm' THEN 1 ELSE 0 END, " ROW_HASH_SQL ", "
    "(SELECT pg_catalog.to_hex(pg_catalog.hashtextextended(pg_catalog.string_agg("
    "pn.nspname || '.' || p.relname, ', ' ORDER BY pn.nspname COLLATE \"C\", p.relname COLLATE "
    "\"C\") COLLATE \"C\", 0)) FROM pg_catalog.pg_inherits i "
    "JOIN pg_catalog.pg_class p ON p.oid = i.inhparent "
    "JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace WHERE i.inhrelid = "
    "c.oid), " DUMPED_ROWS_SQL
    " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "LEFT JOIN pg_catalog.pg_depend d ON d.objid = c.oid AND d.deptype = 'e' "
    "AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass "
    "AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass "
    "LEFT JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid "
    "WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't' "
    "AND (c.relkind = 'r' OR c.relispopulated) "
    "AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' "
    "AND (e.oid IS NULL OR c.oid = ANY (e.extconfig)) "
    "ORDER BY n.nspname COLLATE \"C\", c.relname COLLATE \"C\"";

static const char extensions_sql[] =
    "SELECT extname, extversion FROM pg_catalog.pg_extension ORDER BY extname";

static const char server_sql[] =
    "SELECT current_setting('server_version') AS version, "
    "current_setting('server_version_num') AS version_num, "
    "pg_catalog.pg_encoding_to_char(encoding) AS encoding, datcollate AS collation, "
    "pg_catalog.pg_postmaster_start_time()::text AS started, "
    "(SELECT system_identifier::text FROM pg_catalog.pg_control_system()) AS system "
    "FROM pg_catalog.pg_database WHERE datname = current_database()";

bool catalog_databases(struct pg_connection *connection, struct pg_database_list *list,
                       struct error *error)
{
    *list = (struct pg_database_list){0};
    PGresult *result = pg_query(connection, databases_sql, 0, NULL, error);
    if (!result)
        return error_wrap(error, "listing the databases");
    size_t count = (size_t)PQntuples(result);
    list->items = xcalloc(count ? count : 1, sizeof *list->items);
    for (; list->count < count; list->count++) {
        int row = (int)list->count;
        list->items[list->count] = (struct pg_database_entry){
            .name = xstrdup(pg_field(result, row, 0)),
            .bytes = pg_number(result, row, 1),
            .template = pg_true(result, row, 2),
            .connectable = pg_true(result, row, 3),
        };
    }
    PQclear(result);
    return true;
}

void pg_database_list_free(struct pg_database_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i].name);
    free(list->items);
    *list = (struct pg_database_list){0};
}

const struct pg_database_entry *pg_database_find(const struct pg_database_list *list,
                                                 const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (!strcmp(list->items[i].name, name))
            return &list->items[i];
    return NULL;
}

long long pg_database_list_bytes(const struct pg_database_list *list)
{
    long long sum = 0;
    for (size_t i = 0; i < list->count; i++)
        sum += list->items[i].bytes > 0 ? list->items[i].bytes : 0;
    return sum;
}

static char *optional_field(const PGresult *result, int row, int column)
{
    const char *field = pg_field(result, row, column);
    return *field ? xstrdup(field) : NULL;
}

bool catalog_tables(struct pg_connection *connection, struct pg_table_list *list,
                    struct error *error)
{
    *list = (struct pg_table_list){0};
    PGresult *result = pg_query(connection, tables_sql, 0, NULL, error);
    if (!result)
        return error_wrap(error, "listing the tables");
    size_t count = (size_t)PQntuples(result);
    list->items = xcalloc(count ? count : 1, sizeof *list->items);
    for (; list->count < count; list->count++) {
        int row = (int)list->count;
        list->items[list->count] = (struct pg_table){
            .schema = xstrdup(pg_field(result, row, 0)),
            .name = xstrdup(pg_field(result, row, 1)),
            .pages = pg_number(result, row, 2),
            .kind = (enum pg_table_kind)pg_number(result, row, 3),
            .hash = xstrdup(pg_field(result, row, 4)),
            .parents = optional_field(result, row, 5),
            .condition = optional_field(result, row, 6),
            .rows = -1,
        };
    }
    PQclear(result);
    return true;
}

static const char *const kind_names[] = {
    [TABLE_ORDINARY] = NULL,
    [TABLE_MATERIALISED] = "materialised view",
    [TABLE_EXTENSION] = "extension",
};

const char *pg_table_kind_name(enum pg_table_kind kind)
{
    return kind_names[kind];
}

enum pg_table_kind pg_table_kind_of(const char *name)
{
    size_t kind = sizeof kind_names / sizeof kind_names[0] - 1;
    while (kind > TABLE_ORDINARY && !text_equal(kind_names[kind], name))
        kind--;
    return (enum pg_table_kind)kind;
}

void pg_table_list_free(struct pg_table_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].schema);
        free(list->items[i].name);
        free(list->items[i].hash);
        free(list->items[i].parents);
        free(list->items[i].condition);
    }
    free(list->items);
    *list = (struct pg_table_list){0};
}

cJSON *catalog_extensions(struct pg_connection *connection, struct error *error)
{
    PGresult *result = pg_query(connection, extensions_sql, 0, NULL, error);
    if (!result) {
        error_wrap(error, "listing the extensions");
        return NULL;
    }
    cJSON *extensions = cJSON_CreateObject();
    for (int row = 0; row < PQntuples(result); row++)
        cJSON_AddStringToObject(extensions, pg_field(result, row, 0), pg_field(result, row, 1));
    PQclear(result);
    return extensions;
}

cJSON *catalog_server(struct pg_connection *connection, struct error *error)
{
    PGresult *result = pg_query(connection, server_sql, 0, NULL, error);
    if (!result || PQntuples(result) != 1) {
        if (result)
            error_set(error, ERROR_SERVER, "the server says nothing about itself");
        PQclear(result);
        return NULL;
    }
    cJSON *server = cJSON_CreateObject();
    for (int column = 0; column < PQnfields(result); column++)
        if (!strcmp(PQfname(result, column), "version_num"))
            cJSON_AddNumberToObject(server, "version_num", (double)pg_number(result, 0, column));
        else
            cJSON_AddStringToObject(server, PQfname(result, column), pg_field(result, 0, column));
    PQclear(result);
    return server;
}

int catalog_major(int version_num)
{
    return version_num / 10000;
}

char *catalog_system(struct pg_connection *connection, struct error *error)
{
    return pg_value(connection, CATALOG_SYSTEM_SQL, error);
}
