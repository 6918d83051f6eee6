/* objects_grants.c: the queries for grants and default privileges. */
#include "postgres/objects_queries.h"

/* SQL keeps its own lines. */
/* clang-format off */

/* What an object's access list has more, and what it has less, than the one that it was made with:
 * initdb's or the extension's own (pg_init_privs), else the owner's default. So nothing is said of
 * the rights that every owner has, which differ between majors. `given` has the columns classid,
 * objid, subid, acl, base; acl is not NULL. Source: PostgreSQL manual, "Privileges". */
#define GRANTS(given, name) \
    "WITH given AS (" given "), differing AS (SELECT * FROM given WHERE acl IS DISTINCT FROM base), " \
    "change AS (SELECT classid, objid, subid, 'to' AS way, e.* FROM differing, LATERAL (" \
    "SELECT * FROM aclexplode(acl) EXCEPT SELECT * FROM aclexplode(base)) e UNION ALL " \
    "SELECT classid, objid, subid, 'taken from', e.* FROM differing, LATERAL (" \
    "SELECT * FROM aclexplode(base) EXCEPT SELECT * FROM aclexplode(acl)) e) " \
    "SELECT format('%s %s %s by %s', " name ", c.way, CASE WHEN c.grantee = 0 THEN 'PUBLIC' " \
    "ELSE " OBJECTS_ROLE("c.grantee") " END, " OBJECTS_ROLE("c.grantor") ") AS identity, " \
    "string_agg(c.privilege_type || CASE WHEN c.is_grantable THEN ' WITH GRANT OPTION' ELSE '' " \
    "END, ', ' ORDER BY c.privilege_type) AS privileges " \
    "FROM change c, pg_identify_object(c.classid, c.objid, c.subid) i " \
    "GROUP BY 1"

#define OBJECT "format('%s %s', i.type, i.identity)"

#define GIVEN(class, subid, type, owner, acl, from) \
    "SELECT '" class "'::regclass::oid AS classid, o.oid AS objid, " subid " AS subid, " acl \
    " AS acl, acldefault(" type ", " owner ") AS base FROM " from " o WHERE " acl " IS NOT NULL"

static const char shared[] = GRANTS(
    GIVEN("pg_database", "0", "'d'", "o.datdba", "o.datacl", "pg_database")
    " AND o.datname <> 'template0' UNION ALL "
    GIVEN("pg_tablespace", "0", "'t'", "o.spcowner", "o.spcacl", "pg_tablespace"), OBJECT);

static const char parameters[] = GRANTS(
    GIVEN("pg_parameter_acl", "0", "'p'", "10", "o.paracl", "pg_parameter_acl"), OBJECT);

/* The schema public is what its list says, absolutely: with 15 initdb's grants on it have changed. */
static const char objects[] = GRANTS(
    "SELECT a.classid, a.objid, a.subid, a.acl, coalesce(p.initprivs, a.base) AS base FROM ("
    "SELECT 'pg_class'::regclass::oid AS classid, oid AS objid, 0 AS subid, relacl AS acl, "
    "acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::\"char\", relowner) AS base "
    "FROM pg_class WHERE relacl IS NOT NULL AND relpersistence <> 't' UNION ALL "
    "SELECT 'pg_class'::regclass, attrelid, attnum, attacl, NULL FROM pg_attribute "
    "WHERE attacl IS NOT NULL AND NOT attisdropped UNION ALL "
    GIVEN("pg_proc", "0", "'f'", "o.proowner", "o.proacl", "pg_proc") " UNION ALL "
    GIVEN("pg_type", "0", "'T'", "o.typowner", "o.typacl", "pg_type") " UNION ALL "
    GIVEN("pg_language", "0", "'l'", "o.lanowner", "o.lanacl", "pg_language") " UNION ALL "
    GIVEN("pg_namespace", "0", "'n'", "o.nspowner", "o.nspacl", "pg_namespace")
    " AND o.nspname !~ '^pg_(temp|toast)' UNION ALL "
    GIVEN("pg_largeobject", "0", "'L'", "o.lomowner", "o.lomacl", "pg_largeobject_metadata")
    " UNION ALL " GIVEN("pg_foreign_data_wrapper", "0", "'F'", "o.fdwowner", "o.fdwacl",
                        "pg_foreign_data_wrapper") " UNION ALL "
    GIVEN("pg_foreign_server", "0", "'S'", "o.srvowner", "o.srvacl", "pg_foreign_server")
    ") a LEFT JOIN pg_init_privs p ON p.classoid = a.classid AND p.objoid = a.objid "
    "AND p.objsubid = a.subid AND NOT (a.classid = 'pg_namespace'::regclass "
    "AND a.objid = (SELECT oid FROM pg_namespace WHERE nspname = 'public'))", OBJECT);

/* Those for a schema add to nothing, those for all schemas stand in the built-in ones' place. */
static const char defaults[] = GRANTS(
    "SELECT 'pg_default_acl'::regclass::oid AS classid, oid AS objid, 0 AS subid, "
    "defaclacl AS acl, CASE WHEN defaclnamespace = 0 THEN acldefault("
    "CASE defaclobjtype WHEN 'S' THEN 's' ELSE defaclobjtype END::\"char\", defaclrole) "
    "END AS base FROM pg_default_acl", "i.identity");
/* clang-format on */

const struct objects_query objects_grant_queries[] = {
    {OBJECTS_CLUSTER, "grant", 0, 0, shared},
    {OBJECTS_CLUSTER, "grant", 150000, 0, parameters},
    {OBJECTS_DATABASE, "grant", 0, 0, objects},
    {OBJECTS_DATABASE, "default privilege", 0, 0, defaults},
    {OBJECTS_DATABASE, NULL, 0, 0, NULL},
};
