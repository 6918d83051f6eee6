/* objects_types.c: the queries for types, collations and conversions. */
#include "postgres/objects_queries.h"

/* SQL keeps its own lines. */
/* clang-format off */

/* Neither the row type of a table nor the array or multirange that comes with a type. */
static const char types[] =
    "SELECT t.oid::regtype AS identity, CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' "
    "WHEN 'c' THEN 'composite' WHEN 'r' THEN 'range' ELSE 'base' END AS type, "
    OBJECTS_ROLE("t.typowner") " AS owner, "
    "(SELECT string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder) FROM pg_enum "
    "WHERE enumtypid = t.oid) AS labels, "
    "CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END AS base, "
    "CASE WHEN t.typtype = 'd' THEN t.typnotnull END AS \"not null\", "
    "CASE WHEN t.typtype = 'd' THEN coalesce(pg_get_expr(t.typdefaultbin, 0), t.typdefault) END "
    "AS \"default\", "
    "CASE WHEN t.typtype = 'd' THEN NULLIF(t.typcollation, 0)::regcollation END AS collation, "
    "r.rngsubtype::regtype AS subtype, NULLIF(r.rngcollation, 0)::regcollation AS "
    "\"range collation\", NULLIF(r.rngcanonical, 0)::regprocedure AS canonical, "
    "NULLIF(r.rngsubdiff, 0)::regprocedure AS difference, "
    "(SELECT identity FROM pg_identify_object('pg_opclass'::regclass, r.rngsubopc, 0)) AS "
    "\"operator class\", "
    "CASE WHEN t.typtype = 'b' THEN concat_ws(', ', t.typlen, t.typalign, t.typstorage, "
    "t.typcategory, t.typinput::regprocedure, t.typoutput::regprocedure, "
    "t.typreceive::regproc, t.typsend::regproc, t.typmodin::regproc, t.typmodout::regproc, "
    "t.typanalyze::regproc) END AS \"base type\" "
    "FROM pg_type t LEFT JOIN pg_range r ON r.rngtypid = t.oid "
    "LEFT JOIN pg_class c ON c.oid = t.typrelid "
    "WHERE t.typtype IN ('b', 'c', 'd', 'e', 'r') AND (t.typrelid = 0 OR c.relkind = 'c') "
    "AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = t.oid) "
    "AND " OBJECTS_LASTING("t.typnamespace") " AND " OBJECTS_OWN("pg_type", "t.oid");

/* The columns have changed with 15 (ICU's locale on its own) and with 17 (one for all). */
static const char collations[] =
    "SELECT " OBJECTS_NAME("c.collnamespace", "c.collname") " AS identity, "
    OBJECTS_ROLE("c.collowner") " AS owner, c.collprovider AS provider, "
    "c.collisdeterministic AS deterministic, "
    "CASE WHEN c.collprovider = 'c' THEN c.collcollate END AS collate, "
    "CASE WHEN c.collprovider = 'c' THEN c.collctype END AS ctype, "
    "CASE WHEN c.collprovider <> 'c' THEN coalesce(j ->> 'colllocale', j ->> 'colliculocale', "
    "c.collcollate) END AS locale, j ->> 'collicurules' AS \"ICU rules\", "
    "c.collversion AS \"collation version\" FROM pg_collation c, to_jsonb(c) j "
    "WHERE " OBJECTS_OWN("pg_collation", "c.oid");

static const char conversions[] =
    "SELECT " OBJECTS_NAME("c.connamespace", "c.conname") " AS identity, "
    OBJECTS_ROLE("c.conowner") " AS owner, pg_encoding_to_char(c.conforencoding) AS \"from\", "
    "pg_encoding_to_char(c.contoencoding) AS \"to\", c.conproc::regprocedure AS function, "
    "c.condefault AS \"default\" FROM pg_conversion c WHERE " OBJECTS_OWN("pg_conversion", "c.oid");
/* clang-format on */

const struct objects_query objects_type_queries[] = {
    {OBJECTS_DATABASE, "type", 0, 0, types},
    {OBJECTS_DATABASE, "collation", 0, 0, collations},
    {OBJECTS_DATABASE, "conversion", 0, 0, conversions},
    {OBJECTS_DATABASE, NULL, 0, 0, NULL},
};
