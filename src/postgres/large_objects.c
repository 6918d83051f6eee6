/* large_objects.c: large objects by their pages' contents, and copied in pieces. */
#include "postgres/large_objects.h"

#include <stdio.h>

#define PIECE "524288" /* bytes */

/* A page's contents without the zeros at its end: a copy fills holes with zeros. The logical size
 * tells objects apart that differ in zeros at the end. A page is a quarter of a block. */
static const char compare_sql[] =
    "SELECT m.oid::pg_catalog.int8, "
    "pg_catalog.concat(max(l.size), ':', "
    "sum(pg_catalog.hashtextextended(pg_catalog.concat(l.pageno, ':', l.content) "
    "COLLATE \"C\", 0)) FILTER (WHERE l.content <> '')), '', m.oid "
    "FROM pg_catalog.pg_largeobject_metadata m LEFT JOIN (SELECT loid, pageno, "
    "pageno::pg_catalog.int8 * current_setting('block_size')::pg_catalog.int8 / 4 "
    "+ octet_length(data) AS size, "
    "regexp_replace(encode(data, 'hex'), '(00)+$', '') AS content "
    "FROM pg_catalog.pg_largeobject) l ON l.loid = m.oid GROUP BY m.oid ORDER BY 1";

/* Statements that give a large object its owner and grants, as the old server would write them. */
static const char rights_sql[] =
    "SELECT pg_catalog.format('ALTER LARGE OBJECT %s OWNER TO %I', oid, "
    "pg_catalog.pg_get_userbyid(lomowner)) FROM pg_catalog.pg_largeobject_metadata "
    "WHERE oid = $1::pg_catalog.oid "
    "UNION ALL SELECT pg_catalog.format('REVOKE ALL ON LARGE OBJECT %s FROM PUBLIC, %I', oid, "
    "pg_catalog.pg_get_userbyid(lomowner)) FROM pg_catalog.pg_largeobject_metadata "
    "WHERE oid = $1::pg_catalog.oid AND lomacl IS NOT NULL "
    "UNION ALL SELECT pg_catalog.format('GRANT %s ON LARGE OBJECT %s TO %s%s', a.privilege_type, "
    "m.oid, CASE WHEN a.grantee = 0 THEN 'PUBLIC' "
    "ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END, "
    "CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END) "
    "FROM pg_catalog.pg_largeobject_metadata m CROSS JOIN LATERAL pg_catalog.aclexplode(m.lomacl) "
    "a WHERE m.oid = $1::pg_catalog.oid";

#define FOR_WRITING "131072" /* INV_WRITE */

/* What makes room for the contents, by what the new server lacks or has too much. */
static const char *const prepare_sql[DIFFERENCE_KINDS] = {
    [DIFFERENCE_MISSING] = "SELECT pg_catalog.lo_create($1::pg_catalog.oid)",
    [DIFFERENCE_EXTRA] = "SELECT pg_catalog.lo_unlink($1::pg_catalog.oid)",
    [DIFFERENCE_CHANGED] = "SELECT pg_catalog.lo_truncate64(pg_catalog.lo_open("
                           "$1::pg_catalog.oid, " FOR_WRITING "), 0)",
};

bool large_objects_compare(struct pg_connection *old, struct pg_connection *new, merge_found *found,
                           void *context, struct error *error)
{
    return merge_servers(old, compare_sql, new, compare_sql, found, context, error) ||
           error_wrap(error, "comparing the large objects");
}

static bool run(struct pg_connection *connection, const char *sql, int count,
                const char *const *values, struct error *error)
{
    PGresult *result = pg_query(connection, sql, count, values, error);
    PQclear(result);
    return result != NULL;
}

static bool copy_contents(struct pg_connection *old, struct pg_connection *new, const char *number,
                          struct error *error)
{
    long long offset = 0;
    bool copied = true, more = true;
    while (copied && more) {
        char place[32];
        snprintf(place, sizeof place, "%lld", offset);
        const char *const asked[] = {number, place};
        PGresult *piece = pg_query(old,
                                   "SELECT p, octet_length(p) FROM pg_catalog.lo_get("
                                   "$1::pg_catalog.oid, $2::pg_catalog.int8, " PIECE ") AS p",
                                   2, asked, error);
        long long length = piece ? pg_number(piece, 0, 1) : 0;
        more = length > 0;
        offset += length;
        const char *const given[] = {number, place, more ? pg_field(piece, 0, 0) : ""};
        copied = piece && (!more || run(new,
                                        "SELECT pg_catalog.lo_put($1::pg_catalog.oid, "
                                        "$2::pg_catalog.int8, $3::pg_catalog.bytea)",
                                        3, given, error));
        PQclear(piece);
    }
    return copied;
}

static bool copy_rights(struct pg_connection *old, struct pg_connection *new, const char *number,
                        struct error *error)
{
    PGresult *statements = pg_query(old, rights_sql, 1, &number, error);
    bool copied = statements != NULL;
    for (int row = 0; copied && row < PQntuples(statements); row++)
        copied = pg_execute(new, pg_field(statements, row, 0), error);
    PQclear(statements);
    return copied;
}

bool large_object_copy(struct pg_connection *old, struct pg_connection *new,
                       enum difference_kind kind, long long number, struct error *error)
{
    char text[32];
    const char *const values[] = {text};
    snprintf(text, sizeof text, "%lld", number);
    bool copied = run(new, prepare_sql[kind], 1, values, error) &&
                  (kind == DIFFERENCE_EXTRA || copy_contents(old, new, text, error)) &&
                  (kind != DIFFERENCE_MISSING || copy_rights(old, new, text, error));
    return copied || error_wrap(error, "copying the large object %s", text);
}
