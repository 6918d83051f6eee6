/* objects_relations.c: the queries for tables, indexes, sequences, views, and what hangs on them.
 */
#include "postgres/objects_queries.h"

/* SQL keeps its own lines. */
/* clang-format off */

static const char schemas[] =
    "SELECT quote_ident(nspname) AS identity, " OBJECTS_ROLE("nspowner") " AS owner "
    "FROM pg_namespace s WHERE nspname !~ '^pg_' "
    "AND (nspname = 'public' OR (" OBJECTS_OWN("pg_namespace", "s.oid") "))";

/* Parents in their order; a partition has one. */
#define PARENTS                                                                                    \
    "(SELECT string_agg(inhparent::regclass::text, ', ' ORDER BY inhseqno) FROM pg_inherits "      \
    "WHERE inhrelid = c.oid) AS parents, "

#define STORAGE                                                                                    \
    "(SELECT amname FROM pg_am WHERE oid = c.relam) AS \"access method\", "                        \
    "(SELECT spcname FROM pg_tablespace WHERE oid = c.reltablespace) AS tablespace, "

static const char tables[] =
    "SELECT c.oid::regclass AS identity, CASE c.relkind WHEN 'p' THEN 'partitioned' "
    "WHEN 'f' THEN 'foreign' ELSE 'ordinary' END AS type, "
    "CASE c.relpersistence WHEN 'u' THEN 'unlogged' ELSE 'logged' END AS \"is\", "
    OBJECTS_ROLE("c.relowner") " AS owner, " OBJECTS_OPTIONS("c.reloptions") " AS options, "
    OBJECTS_OPTIONS("t.reloptions") " AS \"TOAST options\", "
    "NULLIF(c.relreplident, 'd') AS \"replica identity\", c.relrowsecurity AS \"row security\", "
    "c.relforcerowsecurity AS \"forced row security\", " PARENTS STORAGE
    "NULLIF(c.reloftype, 0)::regtype AS \"of type\", "
    "pg_get_partkeydef(c.oid) AS \"partition key\", "
    "pg_get_expr(c.relpartbound, c.oid) AS \"partition bound\", "
    "(SELECT s.srvname FROM pg_foreign_table f JOIN pg_foreign_server s ON s.oid = f.ftserver "
    "WHERE f.ftrelid = c.oid) AS server, "
    "(SELECT " OBJECTS_OPTIONS("f.ftoptions") " FROM pg_foreign_table f WHERE f.ftrelid = c.oid) "
    "AS \"foreign options\" "
    "FROM pg_class c LEFT JOIN pg_class t ON t.oid = c.reltoastrelid "
    "WHERE c.relkind IN ('r', 'p', 'f') AND c.relpersistence <> 't' "
    "AND " OBJECTS_OWN("pg_class", "c.oid");

/* DISABLE TRIGGER ALL switches a foreign key off, on one partition alone or on all of a table; its
 * triggers on the table that is referenced count as well. */
#define ENFORCED                                                                                   \
    "CASE WHEN k.contype = 'f' THEN (WITH RECURSIVE parts(oid) AS (SELECT k.oid UNION ALL "        \
    "SELECT p.oid FROM pg_constraint p JOIN parts ON p.conparentid = parts.oid) "                  \
    "SELECT CASE WHEN min(t.tgenabled::text) <> max(t.tgenabled::text) THEN 'in part' "            \
    "ELSE CASE min(t.tgenabled::text) WHEN 'O' THEN 'yes' WHEN 'D' THEN 'no' "                     \
    "WHEN 'R' THEN 'on a replica only' WHEN 'A' THEN 'always' END END "                            \
    "FROM pg_trigger t JOIN parts ON t.tgconstraint = parts.oid) END "                             \
    "AS \"" FOREIGN_KEY_TRIGGERS "\" "

/* A foreign key that stands on a partition because it stands on its parent gets a name of the
 * server's choice. NOT NULL is told by the column; from 18 on it's a row here as well. */
static const char constraints[] =
    "SELECT format('%I on %s', k.conname, CASE WHEN k.conrelid <> 0 THEN k.conrelid::regclass::text"
    " ELSE 'domain ' || k.contypid::regtype END) AS identity, CASE WHEN k.convalidated THEN "
    "'valid' ELSE 'not valid' END AS \"is\", pg_get_constraintdef(k.oid) AS definition, "
    ENFORCED
    "FROM pg_constraint k LEFT JOIN pg_class c ON c.oid = k.conrelid "
    "WHERE k.contype IN ('c', 'f', 'p', 'u', 'x') "
    "AND NOT (k.contype = 'f' AND k.conparentid <> 0) "
    "AND ((k.conrelid <> 0 AND c.relpersistence <> 't' AND " OBJECTS_OWN("pg_class", "c.oid") ") "
    "OR (k.contypid <> 0 AND " OBJECTS_OWN("pg_type", "k.contypid") "))";

static const char indexes[] =
    "SELECT i.indexrelid::regclass AS identity, CASE WHEN i.indisvalid THEN 'valid' ELSE 'invalid' "
    "END AS \"is\", pg_get_indexdef(i.indexrelid) AS definition, NULLIF(i.indisclustered, false) "
    "AS clustered, NULLIF(i.indisreplident, false) AS \"replica identity\", (SELECT "
    "string_agg(a.attnum || ': ' || a.attstattarget, ', ' ORDER BY a.attnum) FROM pg_attribute a "
    "WHERE a.attrelid = i.indexrelid AND a.attstattarget <> -1) AS \"statistics targets\", " PARENTS
        STORAGE
    "r.oid::regclass AS \"on\" FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
    "JOIN pg_class r ON r.oid = i.indrelid WHERE r.relkind IN ('r', 'p', 'm') "
    "AND r.relpersistence <> 't' AND " OBJECTS_OWN("pg_class", "r.oid");

static const char sequences[] =
    "SELECT c.oid::regclass AS identity, " OBJECTS_ROLE("c.relowner") " AS owner, "
    "CASE c.relpersistence WHEN 'u' THEN 'unlogged' ELSE 'logged' END AS \"is\", "
    "s.seqtypid::regtype AS type, s.seqstart AS start, s.seqincrement AS increment, "
    "s.seqmin AS minimum, s.seqmax AS maximum, s.seqcache AS cache, s.seqcycle AS cycle, "
    "(SELECT format('%s.%I', d.refobjid::regclass, a.attname) FROM pg_depend d "
    "JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid "
    "WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass "
    "AND d.objid = c.oid AND d.deptype IN ('a', 'i')) AS \"owned by\" "
    "FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid WHERE c.relpersistence <> 't' "
    "AND " OBJECTS_OWN("pg_class", "c.oid");

static const char views[] =
    "SELECT c.oid::regclass AS identity, " OBJECTS_ROLE("c.relowner") " AS owner, "
    OBJECTS_OPTIONS("c.reloptions") " AS options, pg_get_viewdef(c.oid) AS definition "
    "FROM pg_class c WHERE c.relkind = 'v' AND c.relpersistence <> 't' "
    "AND " OBJECTS_OWN("pg_class", "c.oid");

static const char materialised_views[] =
    "SELECT c.oid::regclass AS identity, " OBJECTS_ROLE("c.relowner") " AS owner, "
    OBJECTS_OPTIONS("c.reloptions") " AS options, "
    "CASE WHEN c.relispopulated THEN 'populated' ELSE 'not populated' END AS \"is\", " STORAGE
    "pg_get_viewdef(c.oid) AS definition FROM pg_class c WHERE c.relkind = 'm' "
    "AND " OBJECTS_OWN("pg_class", "c.oid");

static const char rules[] =
    "SELECT format('%I on %s', r.rulename, r.ev_class::regclass) AS identity, "
    OBJECTS_ENABLED("r.ev_enabled") ", pg_get_ruledef(r.oid) AS definition FROM pg_rewrite r "
    "WHERE r.rulename <> '_RETURN' AND " OBJECTS_OWN("pg_class", "r.ev_class");

/* A partition's copy of its parent's trigger is internal before 15, yet can be disabled on its own.
 */
static const char triggers[] =
    "SELECT format('%I on %s', t.tgname, t.tgrelid::regclass) AS identity, "
    OBJECTS_ENABLED("t.tgenabled") ", pg_get_triggerdef(t.oid) AS definition "
    "FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE (NOT t.tgisinternal "
    "OR (t.tgparentid <> 0 AND t.tgconstraint = 0)) AND c.relpersistence <> 't' "
    "AND " OBJECTS_OWN("pg_class", "c.oid");

static const char policies[] =
    "SELECT format('%I on %s', p.polname, p.polrelid::regclass) AS identity, p.polcmd AS command, "
    "p.polpermissive AS permissive, (SELECT string_agg(CASE WHEN r = 0 THEN 'PUBLIC' "
    "ELSE " OBJECTS_ROLE("r") " END, ', ' ORDER BY r = 0, pg_get_userbyid(r)) "
    "FROM unnest(p.polroles) r) AS roles, pg_get_expr(p.polqual, p.polrelid) AS using, "
    "pg_get_expr(p.polwithcheck, p.polrelid) AS \"check\" FROM pg_policy p "
    "WHERE " OBJECTS_OWN("pg_class", "p.polrelid");

/* Until 16 the target's default is -1, from 17 on NULL. */
static const char statistics[] =
    "SELECT " OBJECTS_NAME("s.stxnamespace", "s.stxname") " AS identity, "
    OBJECTS_ROLE("s.stxowner") " AS owner, pg_get_statisticsobjdef(s.oid) AS definition, "
    "NULLIF(s.stxstattarget, -1) AS target FROM pg_statistic_ext s "
    "WHERE " OBJECTS_OWN("pg_statistic_ext", "s.oid");

/* clang-format on */

const struct objects_query objects_relation_queries[] = {
    {OBJECTS_DATABASE, "schema", 0, 0, schemas},
    {OBJECTS_DATABASE, "table", 0, 0, tables},
    {OBJECTS_DATABASE, "constraint", 0, 0, constraints},
    {OBJECTS_DATABASE, "index", 0, 0, indexes},
    {OBJECTS_DATABASE, "sequence", 0, 0, sequences},
    {OBJECTS_DATABASE, "view", 0, 0, views},
    {OBJECTS_DATABASE, "materialised view", 0, 0, materialised_views},
    {OBJECTS_DATABASE, "rule", 0, 0, rules},
    {OBJECTS_DATABASE, "trigger", 0, 0, triggers},
    {OBJECTS_DATABASE, "policy", 0, 0, policies},
    {OBJECTS_DATABASE, "statistics object", 0, 0, statistics},
    {OBJECTS_DATABASE, NULL, 0, 0, NULL},
};
