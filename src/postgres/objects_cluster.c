/* objects_cluster.c: the queries for what all databases of a server share. */
#include "postgres/objects_queries.h"

/* SQL keeps its own lines. */
/* clang-format off */

static const char roles[] =
    "SELECT quote_ident(rolname) AS identity, rolsuper AS superuser, rolinherit AS inherit, "
    "rolcreaterole AS \"create role\", rolcreatedb AS \"create database\", rolcanlogin AS login, "
    "rolreplication AS replication, rolbypassrls AS \"bypass row security\", "
    "NULLIF(rolconnlimit, -1) AS \"connection limit\", rolvaliduntil AS \"valid until\", "
    "CASE WHEN rolpassword IS NULL THEN 'none' WHEN rolpassword ~ '^md5[0-9a-f]{32}$' THEN 'md5' "
    "WHEN rolpassword ~ '^SCRAM-SHA-256\\$' THEN 'scram-sha-256' ELSE 'other' END "
    "AS \"password kind\", xmin AS \"@row\" FROM pg_authid WHERE oid = 10 OR oid >= 16384";

/* Before 16 the member's own attribute says whether rights are inherited, and SET ROLE is always
 * possible. Source: PostgreSQL 16 release notes, "Privileges". */
#define MEMBERSHIPS(inherit, set) \
    "SELECT format('%s in %s', " OBJECTS_ROLE("m.member") ", " OBJECTS_ROLE("m.roleid") ") " \
    "AS identity, string_agg(concat_ws(', ', CASE WHEN m.admin_option THEN 'admin' END, " \
    "CASE WHEN " inherit " THEN 'inherit' END, CASE WHEN " set " THEN 'set' END, " \
    "'granted by ' || quote_ident(g.rolname)), '; ' ORDER BY g.rolname) AS options " \
    "FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member " \
    "LEFT JOIN pg_roles g ON g.oid = m.grantor " \
    "WHERE m.member >= 16384 OR m.roleid >= 16384 OR m.member = 10 " \
    "GROUP BY m.member, m.roleid"

/* The columns for collations have changed with 15 and with 17. */
static const char databases[] =
    "SELECT quote_ident(datname) AS identity, " OBJECTS_ROLE("datdba") " AS owner, "
    "pg_encoding_to_char(encoding) AS encoding, datcollate AS collate, datctype AS ctype, "
    "coalesce(j ->> 'datlocprovider', 'c') AS \"locale provider\", "
    "coalesce(j ->> 'datlocale', j ->> 'daticulocale') AS locale, "
    "j ->> 'daticurules' AS \"ICU rules\", j ->> 'datcollversion' AS \"collation version\", "
    "NULLIF(datconnlimit, -1) AS \"connection limit\", datallowconn AS \"allows connections\", "
    "datistemplate AS template, spcname AS tablespace "
    "FROM pg_database d JOIN pg_tablespace t ON t.oid = d.dattablespace, to_jsonb(d) j "
    "WHERE datname <> 'template0'";

#define SETTING_IDENTITY \
    "SELECT concat_ws(' ', name, " \
    "CASE WHEN s.setrole <> 0 THEN 'for role ' || " OBJECTS_ROLE("s.setrole") " END, " \
    "CASE WHEN s.setdatabase <> 0 THEN 'in database ' || quote_ident(d.datname) END) AS identity, "
#define SETTING_FROM \
    " FROM pg_db_role_setting s LEFT JOIN pg_database d ON d.oid = s.setdatabase, " \
    "unnest(s.setconfig) c, split_part(c, '=', 1) name, substr(c, strpos(c, '=') + 1) value"

static const char settings[] =
    SETTING_IDENTITY
    "CASE WHEN " SECRET_CONDITION("name", "value") " THEN '***' ELSE value END AS value, "
    "CASE WHEN " SECRET_CONDITION("name", "value") " THEN s.xmin END AS \"@row\""
    SETTING_FROM;

static const char secret_settings[] =
    SETTING_IDENTITY "value" SETTING_FROM " WHERE " SECRET_CONDITION("name", "value");

static const char passwords[] =
    "SELECT quote_ident(rolname) AS identity, rolpassword AS value FROM pg_authid "
    "WHERE oid = 10 OR oid >= 16384";

static const char tablespaces[] =
    "SELECT quote_ident(spcname) AS identity, " OBJECTS_ROLE("spcowner") " AS owner, "
    "pg_tablespace_location(oid) AS location, " OBJECTS_OPTIONS("spcoptions") " AS options "
    "FROM pg_tablespace WHERE oid >= 16384";

static const char comments[] =
    "SELECT i.type || ' ' || i.identity AS identity, d.description AS text FROM pg_shdescription "
    "d, pg_identify_object(d.classoid, d.objoid, 0) i WHERE i.identity <> 'template0'";

static const char labels[] =
    "SELECT format('%s %s by %s', i.type, i.identity, l.provider) AS identity, l.label FROM "
    "pg_shseclabel l, pg_identify_object(l.classoid, l.objoid, 0) i";

/* clang-format on */

const struct objects_query objects_cluster_queries[] = {
    {OBJECTS_CLUSTER, "role", 0, 0, roles},
    {OBJECTS_CLUSTER, "membership", 0, 160000, MEMBERSHIPS("r.rolinherit", "true")},
    {OBJECTS_CLUSTER, "membership", 160000, 0, MEMBERSHIPS("m.inherit_option", "m.set_option")},
    {OBJECTS_CLUSTER, "database", 0, 0, databases},
    {OBJECTS_CLUSTER, "setting", 0, 0, settings},
    {OBJECTS_CLUSTER, "tablespace", 0, 0, tablespaces},
    {OBJECTS_CLUSTER, "comment", 0, 0, comments},
    {OBJECTS_CLUSTER, "security label", 0, 0, labels},
    {OBJECTS_CLUSTER_SECRETS, "password", 0, 0, passwords},
    {OBJECTS_CLUSTER_SECRETS, "secret setting", 0, 0, secret_settings},
    {OBJECTS_CLUSTER, NULL, 0, 0, NULL},
};
