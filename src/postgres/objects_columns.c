/* objects_columns.c: the query for columns, of tables, composite types, views with defaults. */
#include "postgres/objects_queries.h"

/* SQL keeps its own lines. */
/* clang-format off */

/* A child that inherits (and is no partition) may come back with its columns in another order: what
 * it inherits stands first in the dump's CREATE TABLE. Until 16 the statistics target's default is
 * -1, from 17 on NULL. "pg_attver" is the server's own remark. */
#define COLUMNS(compression) \
    "SELECT format('%s.%I', c.oid::regclass, a.attname) AS identity, " \
    "format_type(a.atttypid, a.atttypmod) AS type, CASE WHEN a.attcollation <> t.typcollation " \
    "THEN a.attcollation::regcollation END AS collation, " \
    "NULLIF(a.attnotnull, false) AS \"not null\", " \
    "pg_get_expr(d.adbin, d.adrelid) AS \"default\", NULLIF(a.attgenerated, '') AS generated, " \
    "NULLIF(a.attidentity, '') AS \"identity column\", " \
    "CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage END AS storage, " compression \
    "NULLIF(a.attstattarget, -1) AS \"statistics target\", " \
    "(SELECT string_agg(o, ', ' ORDER BY o) FROM unnest(a.attoptions) o " \
    "WHERE o !~ '^pg_attver=') AS options, " \
    OBJECTS_OPTIONS("a.attfdwoptions") " AS \"foreign options\", " \
    "CASE WHEN c.relispartition OR NOT EXISTS (SELECT FROM pg_inherits h " \
    "WHERE h.inhrelid = c.oid) THEN rank() OVER (PARTITION BY a.attrelid ORDER BY a.attnum) END " \
    "AS position FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid " \
    "LEFT JOIN pg_type t ON t.oid = a.atttypid " \
    "LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum " \
    "WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relpersistence <> 't' " \
    "AND (c.relkind IN ('r', 'p', 'f', 'c', 'm') OR (c.relkind = 'v' AND d.oid IS NOT NULL)) " \
    "AND " OBJECTS_OWN("pg_class", "c.oid") " AND (c.relkind <> 'c' " \
    "OR (" OBJECTS_OWN("pg_type", "c.reltype") "))"

static const char columns[] = COLUMNS("");
static const char columns_14[] = COLUMNS("NULLIF(a.attcompression, '') AS compression, ");
/* clang-format on */

const struct objects_query objects_column_queries[] = {
    {OBJECTS_DATABASE, "column", 0, 140000, columns},
    {OBJECTS_DATABASE, "column", 140000, 0, columns_14},
    {OBJECTS_DATABASE, NULL, 0, 0, NULL},
};
