/* server_checks.c: the table of what is asked of an old server before its backup. */
#include "steps/checks/server_checks.h"

/* Objects made by users have oids from 16384 on. Source: PostgreSQL's source, FirstNormalObjectId.
 */
#define USERS_OWN(alias) alias ".oid >= 16384 "
#define NO_EXTENSION(alias, catalog)                                                               \
    "AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid = " alias ".oid "            \
    "AND d.classid = 'pg_catalog." catalog "'::pg_catalog.regclass AND d.deptype = 'e') "

/* The columns and objects of 11 and before, whose rows no later server is asked. Sources:
 * PostgreSQL manual, "pg_dump" and the release notes' "Migration" sections; pg_upgrade's own
 * checks. */
const struct server_check server_checks[] = {
    {.key = "prepared-transactions",
     .name = "prepared transactions",
     .verdict = VERDICT_FAIL,
     .sql = "SELECT pg_catalog.format('%s (of %s in %s, since %s)', gid, owner, database, "
            "prepared::timestamp(0)) FROM pg_catalog.pg_prepared_xacts ORDER BY prepared",
     .found = ": what they changed is in no dump, and their locks stay",
     .none = "none",
     .remedy = "End each one, connected to its database: COMMIT PREPARED 'NAME' or ROLLBACK "
               "PREPARED 'NAME'. Whoever prepared it should say which."},
    {.key = "replication-slots",
     .name = "replication slots",
     .verdict = VERDICT_FAIL,
     .sql = "SELECT pg_catalog.format('%s (%s%s, %s)', slot_name, slot_type, "
            "' in ' || database, CASE WHEN active THEN 'active' ELSE 'inactive' END) "
            "FROM pg_catalog.pg_replication_slots WHERE NOT temporary ORDER BY 1",
     .found = ": a slot doesn't travel in a dump, and who reads from it can't go on by itself",
     .none = "none",
     .remedy = "Drop the slots that nobody needs: SELECT pg_drop_replication_slot('NAME'). For the "
               "others plan how their standby or subscriber is set up anew from the new server."},
    {.key = "standbys",
     .name = "connected standbys and receivers",
     .verdict = VERDICT_FAIL,
     .sql = "SELECT pg_catalog.format('%s from %s (%s)', application_name, "
            "coalesce(client_addr::text, 'the socket'), state) "
            "FROM pg_catalog.pg_stat_replication WHERE state <> 'backup' ORDER BY 1",
     .found = ": they can't follow the new server by themselves",
     .none = "none",
     .remedy = "Stop each one, or plan how it is set up anew from the new server."},
    {.key = "subscriptions",
     .name = "enabled subscriptions",
     .verdict = VERDICT_FAIL,
     .sql = "SELECT pg_catalog.format('%s in %s', s.subname, d.datname) "
            "FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid = s.subdbid "
            "WHERE s.subenabled ORDER BY 1",
     .found = ": the copy's subscription is made disabled, and changes go on to come to the old "
              "server only",
     .none = "none",
     .remedy = "ALTER SUBSCRIPTION NAME DISABLE on the old server before the backup, so that "
               "nothing more comes in; enable it on the new one after the switchover."},
    {.key = "disabled-subscriptions",
     .name = "disabled subscriptions",
     .verdict = VERDICT_WARN,
     .sql = "SELECT pg_catalog.format('%s in %s', s.subname, d.datname) "
            "FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid = s.subdbid "
            "WHERE NOT s.subenabled ORDER BY 1",
     .found = ": they are disabled on the new server too, and may share a slot with the old one's",
     .none = "none",
     .remedy =
         "After the switchover: ALTER SUBSCRIPTION NAME ENABLE on the new server, and SET "
         "(slot_name = NONE), then DROP SUBSCRIPTION on the old one if that ever runs again."},
    {.key = "publications",
     .name = "publications",
     .each_database = true,
     .verdict = VERDICT_WARN,
     .sql = "SELECT pubname FROM pg_catalog.pg_publication ORDER BY 1",
     .found = ": they are copied, but their subscribers' slots are not",
     .none = "none",
     .remedy = "Each subscriber has to be pointed at the new server and synchronised anew."},
    {.key = "invalid-databases",
     .name = "invalid databases",
     .verdict = VERDICT_FAIL,
     .sql = "SELECT datname FROM pg_catalog.pg_database WHERE datconnlimit = -2 ORDER BY 1",
     .found = ": left behind by a DROP DATABASE that was interrupted; no dump can be made of them",
     .none = "none",
     .remedy = "DROP DATABASE NAME on the old server finishes what was begun."},
    {.key = "closed-databases",
     .name = "databases without connections",
     .verdict = VERDICT_FAIL,
     .sql = "SELECT datname FROM pg_catalog.pg_database WHERE NOT datallowconn "
            "AND datname <> 'template0' AND datconnlimit <> -2 ORDER BY 1",
     .found = ": they allow no connections, so that the backup can't hold them",
     .none = "none",
     .remedy =
         "ALTER DATABASE NAME ALLOW_CONNECTIONS true if it is needed, DROP DATABASE NAME if "
         "it isn't. Allowed, it stays behind on the old server with its grants and settings."},
    {.key = "disabled-foreign-keys",
     .name = "foreign keys with disabled triggers",
     .each_database = true,
     .verdict = VERDICT_FAIL,
     .sql = "SELECT DISTINCT pg_catalog.format('%I on %s', k.conname, "
            "k.conrelid::pg_catalog.regclass) FROM pg_catalog.pg_constraint k "
            "JOIN pg_catalog.pg_trigger t ON t.tgconstraint = k.oid "
            "WHERE k.contype = 'f' AND t.tgenabled <> 'O' ORDER BY 1",
     .found = ": no dump carries that, they are enforced on the new server",
     .none = "none",
     .remedy = "ALTER TABLE NAME ENABLE TRIGGER ALL on the old server. Allowed, it has to be "
               "DISABLE TRIGGER ALL on the new one before the objects are compared."},
    {.key = "tablespaces",
     .name = "tablespaces",
     .verdict = VERDICT_FAIL,
     .sql = "SELECT pg_catalog.format('%s at %s', spcname, pg_catalog.pg_tablespace_location(oid)) "
            "FROM pg_catalog.pg_tablespace WHERE spcname NOT IN ('pg_default', 'pg_global') "
            "ORDER BY 1",
     .found = ": CREATE TABLESPACE fails unless the new container has an empty directory there",
     .none = "none of the users' own",
     .remedy = "Mount a volume at the same path in the new container and in the compose file, or "
               "move what is in them to pg_default and drop them: ALTER TABLE ALL IN TABLESPACE "
               "NAME SET TABLESPACE pg_default."},
    {.key = "system-schemas",
     .name = "tables in the system's schemas",
     .each_database = true,
     .verdict = VERDICT_FAIL,
     .sql = "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c "
            "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname IN ('pg_catalog', 'information_schema') "
            "AND c.relkind IN ('r', 'p', 'm', 'S') AND " USERS_OWN("c")
                NO_EXTENSION("c", "pg_class") "ORDER BY 1",
     .found = ": pg_dump leaves those schemas out, and their rows would be lost",
     .none = "none",
     .remedy = "Move each one: ALTER TABLE NAME SET SCHEMA public (as a superuser, with "
               "allow_system_table_mods = on)."},
    {.key = "removed-types",
     .name = "columns of removed types",
     .each_database = true,
     .until = 12,
     .verdict = VERDICT_FAIL,
     .sql = "SELECT pg_catalog.format('%I.%I.%I (%s)', n.nspname, c.relname, a.attname, t.typname) "
            "FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid "
            "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
            "JOIN pg_catalog.pg_type t ON t.oid = a.atttypid "
            "WHERE t.typname IN ('abstime', 'reltime', 'tinterval') AND NOT a.attisdropped "
            "AND c.relkind IN ('r', 'p', 'm') AND " USERS_OWN("c") "ORDER BY 1",
     .found = ": PostgreSQL 12 dropped these types",
     .none = "none",
     .remedy = "Change each column's type on the old server, to timestamptz or interval."},
    {.key = "oids",
     .name = "tables with oids",
     .each_database = true,
     .until = 12,
     .verdict = VERDICT_WARN,
     .sql = "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c "
            "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
            "WHERE c.relhasoids AND " USERS_OWN("c") "ORDER BY 1",
     .found = ": their hidden column oid isn't copied",
     .none = "none",
     .remedy = "If the application reads it, add an ordinary column first."},
    {.key = "postfix-operators",
     .name = "postfix operators",
     .each_database = true,
     .until = 14,
     .verdict = VERDICT_FAIL,
     .sql =
         "SELECT o.oid::pg_catalog.regoperator::text FROM pg_catalog.pg_operator o "
         "WHERE o.oprright = 0 AND " USERS_OWN("o") NO_EXTENSION("o", "pg_operator") "ORDER BY 1",
     .found = ": PostgreSQL 14 dropped postfix operators",
     .none = "none",
     .remedy = "Replace each one by a function or a prefix operator, and DROP OPERATOR."},
    {.key = "array-functions",
     .name = "aggregates and operators on anyarray",
     .each_database = true,
     .until = 14,
     .verdict = VERDICT_FAIL,
     .sql =
         "SELECT 'aggregate ' || a.aggfnoid::pg_catalog.regprocedure::text "
         "FROM pg_catalog.pg_aggregate a "
         "JOIN pg_catalog.pg_proc t ON t.oid IN (a.aggtransfn, a.aggfinalfn) "
         "WHERE a.aggfnoid >= 16384 AND t.oid < 16384 "
         "AND a.aggtranstype = 'pg_catalog.anyarray'::pg_catalog.regtype "
         "AND t.proname IN ('array_append', 'array_cat', 'array_prepend', 'array_remove', "
         "'array_replace', 'array_position', 'array_positions', 'width_bucket') "
         "UNION SELECT 'operator ' || o.oid::pg_catalog.regoperator::text "
         "FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_proc p ON p.oid = o.oprcode "
         "WHERE " USERS_OWN(
             "o") "AND p.oid < 16384 "
                  "AND p.proname IN ('array_append', 'array_cat', 'array_prepend', 'array_remove', "
                  "'array_replace', 'array_position', 'array_positions', 'width_bucket') ORDER BY "
                  "1",
     .found = ": PostgreSQL 14 changed the arguments of the functions that they use",
     .none = "none",
     .remedy = "Drop them before the backup, and make them anew on the new server with "
               "anycompatiblearray."},
    {.key = "conversions",
     .name = "encoding conversions",
     .each_database = true,
     .until = 14,
     .verdict = VERDICT_FAIL,
     .sql = "SELECT c.conname FROM pg_catalog.pg_conversion c WHERE " USERS_OWN("c")
         NO_EXTENSION("c", "pg_conversion") "ORDER BY 1",
     .found = ": PostgreSQL 14 changed the arguments of their functions",
     .none = "none of the users' own",
     .remedy = "Drop them before the backup, and make them anew on the new server."},
    {.key = "public-schema",
     .name = "CREATE in schema public",
     .each_database = true,
     .until = 15,
     .verdict = VERDICT_WARN,
     .sql = "SELECT n.nspname FROM pg_catalog.pg_namespace n, LATERAL pg_catalog.aclexplode("
            "coalesce(n.nspacl, pg_catalog.acldefault('n', n.nspowner))) a "
            "WHERE n.nspname = 'public' AND a.grantee = 0 AND a.privilege_type = 'CREATE'",
     .found = ": everybody may make tables there, and on the new server only its owner may",
     .none = "nothing changes",
     .remedy = "If the application makes tables in it: GRANT CREATE ON SCHEMA public TO its role, "
               "on the new server."},
    {.key = "database-collations",
     .name = "collation versions of databases",
     .since = 15,
     .verdict = VERDICT_WARN,
     .sql = "SELECT pg_catalog.format('%s (made with %s, now %s)', datname, datcollversion, "
            "pg_catalog.pg_database_collation_actual_version(oid)) FROM pg_catalog.pg_database "
            "WHERE datcollversion <> pg_catalog.pg_database_collation_actual_version(oid) "
            "ORDER BY 1",
     .found =
         ": the C library changed under the data; text indexes may be out of order, and unique "
         "ones may have let a second row in",
     .none = "as recorded",
     .remedy = "On the old server: REINDEX DATABASE NAME, then ALTER DATABASE NAME REFRESH "
               "COLLATION VERSION. A duplicate that comes to light there would stop the restore."},
    {.key = "collations",
     .name = "versions of collations in use",
     .each_database = true,
     .verdict = VERDICT_WARN,
     .sql = "SELECT pg_catalog.format('%s (made with %s, now %s)', c.collname, c.collversion, "
            "pg_catalog.pg_collation_actual_version(c.oid)) FROM pg_catalog.pg_collation c "
            "WHERE c.collversion <> pg_catalog.pg_collation_actual_version(c.oid) AND EXISTS "
            "(SELECT FROM pg_catalog.pg_attribute a WHERE a.attcollation = c.oid "
            "AND a.attrelid >= 16384) ORDER BY 1",
     .found = ": the library that sorts by them changed under the data",
     .none = "as recorded",
     .remedy = "On the old server: REINDEX what uses them, then ALTER COLLATION NAME REFRESH "
               "VERSION."},
    {.key = "no-primary-key",
     .name = "tables without a primary key",
     .each_database = true,
     .verdict = VERDICT_PASS,
     .sql =
         "SELECT pg_catalog.format('%I.%I (%s)', n.nspname, c.relname, "
         "pg_catalog.pg_size_pretty(pg_catalog.pg_relation_size(c.oid))) "
         "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
         "WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND " USERS_OWN("c") NO_EXTENSION(
             "c",
             "pg_class") "AND n.nspname <> 'information_schema' "
                         "AND n.nspname !~ '^pg_' AND NOT EXISTS (SELECT FROM pg_catalog.pg_index "
                         "i "
                         "WHERE i.indrelid = c.oid AND i.indisprimary) ORDER BY c.relpages DESC, 1",
     .found = ": rows that differ are told there by their whole contents instead of by a key",
     .none = "none",
     .remedy = NULL},
    {.key = "unlogged",
     .name = "unlogged tables",
     .each_database = true,
     .verdict = VERDICT_PASS,
     .sql = "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c "
            "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
            "WHERE c.relkind = 'r' AND c.relpersistence = 'u' ORDER BY 1",
     .found = ": they are copied as the others are",
     .none = "none",
     .remedy = NULL},
};

const size_t server_check_count = sizeof server_checks / sizeof server_checks[0];

bool server_check_applies(const struct server_check *check, int from, int to)
{
    if (check->until && (from >= check->until || (to && to < check->until)))
        return false;
    return from >= check->since;
}
