/* objects_remarks.c: the queries for comments, security labels and large objects. */
#include "postgres/objects_queries.h"

/* SQL keeps its own lines. */
/* clang-format off */

static const char comments[] =
    "SELECT i.type || ' ' || i.identity AS identity, d.description AS text FROM pg_description d, "
    "pg_identify_object(d.classoid, d.objoid, d.objsubid) i "
    "WHERE ((d.classoid = 'pg_namespace'::regclass "
    "AND d.objoid = (SELECT oid FROM pg_namespace WHERE nspname = 'public')) OR "
    "(d.objoid >= 16384 AND NOT EXISTS (SELECT FROM pg_depend x WHERE x.deptype = 'e' "
    "AND x.classid = d.classoid AND x.objid = d.objoid))) AND i.identity !~ '^pg_temp'";

static const char labels[] =
    "SELECT format('%s %s by %s', i.type, i.identity, l.provider) AS identity, l.label FROM "
    "pg_seclabel l, pg_identify_object(l.classoid, l.objoid, l.objsubid) i";

/* The content's digest doesn't depend on which pages are there: one that is missing reads as zeros,
 * and a restore writes them out. Two sums of 64 bits each need no memory, however large it is.
 * Source: PostgreSQL manual, pg_largeobject. */
static const char large_objects[] =
    "WITH page AS (SELECT l.loid, l.pageno, length(l.data) AS filled, b.size, "
    "l.data || decode(repeat('00', b.size - length(l.data)), 'hex') AS data "
    "FROM pg_largeobject l, (SELECT current_setting('block_size')::int / 4) b(size)), "
    "hashed AS (SELECT loid, pageno, filled, size, CASE WHEN data <> "
    "decode(repeat('00', size), 'hex') THEN encode(sha256(int4send(pageno) || data), 'hex') END "
    "AS hash FROM page), "
    "content AS (SELECT loid, max(pageno::bigint * size + filled) AS bytes, "
    "sum(('x' || left(hash, 16))::bit(64)::bigint::numeric) AS first, "
    "sum(('x' || substr(hash, 17, 16))::bit(64)::bigint::numeric) AS second "
    "FROM hashed GROUP BY loid) "
    "SELECT m.oid AS identity, " OBJECTS_ROLE("m.lomowner") " AS owner, "
    "coalesce(c.bytes, 0) AS bytes, c.first || ' ' || c.second AS digest "
    "FROM pg_largeobject_metadata m LEFT JOIN content c ON c.loid = m.oid";
/* clang-format on */

const struct objects_query objects_remark_queries[] = {
    {OBJECTS_DATABASE, "comment", 0, 0, comments},
    {OBJECTS_DATABASE, "security label", 0, 0, labels},
    {OBJECTS_LARGE, "large object", 0, 0, large_objects},
    {OBJECTS_DATABASE, NULL, 0, 0, NULL},
};
