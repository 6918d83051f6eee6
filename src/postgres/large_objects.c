/* large_objects.c: large objects by their pages' contents, and copied in pieces. */
#include "postgres/large_objects.h"

#include <stdio.h>
#include <stdlib.h>

#define PIECE "524288" /* bytes */

/* Who may do what, in any order; the owner's default rights stand in the place of none. */
#define RIGHTS "pg_catalog.aclexplode(coalesce(m.lomacl, pg_catalog.acldefault('L', m.lomowner))) a"
#define GRANTEE                                                                                    \
    "CASE WHEN a.grantee = 0 THEN 'PUBLIC' "                                                       \
    "ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END"
#define OPTION "CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END"
#define METADATA "pg_catalog.pg_largeobject_metadata m"
#define ASKED "WHERE m.oid = $1::pg_catalog.oid"

/* A page's contents without the zeros at its end: a copy fills holes with zeros. The logical size
 * tells objects apart that differ in zeros at the end. A page is a quarter of a block. */
static const char compare_sql[] =
    "SELECT m.oid::pg_catalog.int8, "
    "pg_catalog.concat(l.size, ':', l.digest, ':', pg_catalog.pg_get_userbyid(m.lomowner), ':', "
    "(SELECT pg_catalog.string_agg(pg_catalog.concat(a.privilege_type, ' ', " GRANTEE ", " OPTION
    "), ',' ORDER BY a.privilege_type, " GRANTEE " COLLATE \"C\") FROM " RIGHTS ")), '', m.oid "
    "FROM " METADATA " LEFT JOIN (SELECT loid, max(size) AS size, "
    "sum(pg_catalog.hashtextextended(pg_catalog.concat(pageno, ':', content) "
    "COLLATE \"C\", 0)) FILTER (WHERE content <> '') AS digest FROM (SELECT loid, pageno, "
    "pageno::pg_catalog.int8 * current_setting('block_size')::pg_catalog.int8 / 4 "
    "+ octet_length(data) AS size, "
    "regexp_replace(encode(data, 'hex'), '(00)+$', '') AS content "
    "FROM pg_catalog.pg_largeobject) p GROUP BY loid) l ON l.loid = m.oid ORDER BY 1";

/* Statements that take away what rights there are, asked of the new server, and those that give a
 * large object its owner and rights, asked of the old one. */
static const char revoke_sql[] =
    "SELECT DISTINCT pg_catalog.format('REVOKE ALL ON LARGE OBJECT %s FROM %s', m.oid, " GRANTEE
    ") FROM " METADATA " CROSS JOIN LATERAL " RIGHTS " " ASKED;
static const char owner_sql[] =
    "SELECT pg_catalog.format('ALTER LARGE OBJECT %s OWNER TO %I', m.oid, "
    "pg_catalog.pg_get_userbyid(m.lomowner)) FROM " METADATA " " ASKED;
static const char grant_sql[] =
    "SELECT pg_catalog.format('GRANT %s ON LARGE OBJECT %s TO %s%s', a.privilege_type, "
    "m.oid, " GRANTEE ", " OPTION ") FROM " METADATA " CROSS JOIN LATERAL " RIGHTS " " ASKED;

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

static bool run_what(struct pg_connection *asked, const char *sql, const char *number,
                     struct pg_connection *new, struct error *error)
{
    PGresult *statements = pg_query(asked, sql, 1, &number, error);
    bool done = statements != NULL;
    for (int row = 0; done && row < PQntuples(statements); row++)
        done = pg_execute(new, pg_field(statements, row, 0), error);
    PQclear(statements);
    return done;
}

static bool copy_rights(struct pg_connection *old, struct pg_connection *new, const char *number,
                        struct error *error)
{
    return run_what(new, revoke_sql, number, new, error) &&
           run_what(old, owner_sql, number, new, error) &&
           run_what(new, revoke_sql, number, new, error) &&
           run_what(old, grant_sql, number, new, error);
}

bool large_object_copy(struct pg_connection *old, struct pg_connection *new,
                       enum difference_kind kind, long long number, struct error *error)
{
    char text[32];
    const char *const values[] = {text};
    snprintf(text, sizeof text, "%lld", number);
    bool copied = run(new, prepare_sql[kind], 1, values, error) &&
                  (kind == DIFFERENCE_EXTRA ||
                   (copy_contents(old, new, text, error) && copy_rights(old, new, text, error)));
    return copied || error_wrap(error, "copying the large object %s", text);
}

/* Rows of the comparison come on both connections: what is to be copied is noted first. */
struct object_list {
    struct {
        enum difference_kind kind;
        long long number;
    } * items;
    size_t count;
};

static bool note_object(void *context, enum difference_kind kind, const struct merge_row *old,
                        const struct merge_row *new, struct error *error)
{
    struct object_list *list = context;
    (void)error;
    list->items = xrealloc(list->items, (list->count + 1) * sizeof *list->items);
    list->items[list->count].kind = kind;
    list->items[list->count++].number = (old ? old : new)->position;
    return true;
}

bool large_objects_copy(struct pg_connection *old, struct pg_connection *new, size_t *count,
                        struct error *error)
{
    struct object_list list = {0};
    bool copied = large_objects_compare(old, new, note_object, &list, error);
    for (size_t i = 0; copied && i < list.count; i++)
        copied = large_object_copy(old, new, list.items[i].kind, list.items[i].number, error);
    *count += list.count;
    free(list.items);
    return copied;
}
