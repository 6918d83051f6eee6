/* objects_routines.c: the queries for functions, aggregates, operators, casts and languages. */
#include "postgres/objects_queries.h"

/* SQL keeps its own lines. */
/* clang-format off */

static const char functions[] =
    "SELECT p.oid::regprocedure AS identity, " OBJECTS_ROLE("p.proowner") " AS owner, "
    "pg_get_functiondef(p.oid) AS definition FROM pg_proc p WHERE p.prokind <> 'a' "
    "AND " OBJECTS_LASTING("p.pronamespace") " AND " OBJECTS_OWN("pg_proc", "p.oid");

static const char aggregates[] =
    "SELECT p.oid::regprocedure AS identity, " OBJECTS_ROLE("p.proowner") " AS owner, "
    "pg_get_function_arguments(p.oid) AS arguments, p.prorettype::regtype AS result, "
    "p.proparallel AS parallel, a.aggkind AS kind, a.aggnumdirectargs AS \"direct arguments\", "
    "NULLIF(a.aggtransfn, 0)::regprocedure AS transition, "
    "NULLIF(a.aggfinalfn, 0)::regprocedure AS final, "
    "NULLIF(a.aggcombinefn, 0)::regprocedure AS combine, "
    "NULLIF(a.aggserialfn, 0)::regprocedure AS serial, "
    "NULLIF(a.aggdeserialfn, 0)::regprocedure AS deserial, "
    "NULLIF(a.aggmtransfn, 0)::regprocedure AS \"moving transition\", "
    "NULLIF(a.aggminvtransfn, 0)::regprocedure AS \"moving inverse\", "
    "NULLIF(a.aggmfinalfn, 0)::regprocedure AS \"moving final\", "
    "a.aggfinalmodify AS \"final modifies\", NULLIF(a.aggsortop, 0)::regoperator AS \"sort by\", "
    "a.aggtranstype::regtype AS state, a.aggtransspace AS space, a.agginitval AS initial, "
    "a.aggminitval AS \"moving initial\" FROM pg_aggregate a JOIN pg_proc p ON p.oid = a.aggfnoid "
    "WHERE " OBJECTS_OWN("pg_proc", "p.oid");

static const char casts[] =
    "SELECT format('%s as %s', c.castsource::regtype, c.casttarget::regtype) AS identity, "
    "NULLIF(c.castfunc, 0)::regprocedure AS function, c.castcontext AS context, "
    "c.castmethod AS method FROM pg_cast c WHERE " OBJECTS_OWN("pg_cast", "c.oid");

static const char operators[] =
    "SELECT o.oid::regoperator AS identity, " OBJECTS_ROLE("o.oprowner") " AS owner, "
    "o.oprcode::regprocedure AS function, NULLIF(o.oprcom, 0)::regoperator AS commutator, "
    "NULLIF(o.oprnegate, 0)::regoperator AS negator, "
    "NULLIF(o.oprrest, 0)::regprocedure AS restrict, NULLIF(o.oprjoin, 0)::regprocedure AS join, "
    "o.oprcanhash AS hashes, o.oprcanmerge AS merges FROM pg_operator o "
    "WHERE " OBJECTS_OWN("pg_operator", "o.oid");

static const char operator_classes[] =
    "SELECT i.identity, " OBJECTS_ROLE("o.opcowner") " AS owner, o.opcdefault AS default, "
    "o.opcintype::regtype AS type, NULLIF(o.opckeytype, 0)::regtype AS \"key type\", "
    "f.identity AS family FROM pg_opclass o, "
    "pg_identify_object('pg_opclass'::regclass, o.oid, 0) i, "
    "pg_identify_object('pg_opfamily'::regclass, o.opcfamily, 0) f "
    "WHERE " OBJECTS_OWN("pg_opclass", "o.oid");

static const char operator_families[] =
    "SELECT i.identity, " OBJECTS_ROLE("o.opfowner") " AS owner, "
    "(SELECT string_agg(concat_ws(' ', m.amopstrategy, m.amopopr::regoperator, m.amoppurpose), "
    "', ' ORDER BY m.amopstrategy, m.amopopr::regoperator::text) FROM pg_amop m "
    "WHERE m.amopfamily = o.oid) AS operators, "
    "(SELECT string_agg(concat_ws(' ', m.amprocnum, m.amproclefttype::regtype, "
    "m.amprocrighttype::regtype, m.amproc::regprocedure), ', ' ORDER BY m.amprocnum, "
    "m.amproc::regprocedure::text) FROM pg_amproc m WHERE m.amprocfamily = o.oid) AS functions "
    "FROM pg_opfamily o, pg_identify_object('pg_opfamily'::regclass, o.oid, 0) i "
    "WHERE " OBJECTS_OWN("pg_opfamily", "o.oid");

static const char languages[] =
    "SELECT quote_ident(lanname) AS identity, " OBJECTS_ROLE("lanowner") " AS owner, "
    "lanpltrusted AS trusted, NULLIF(lanplcallfoid, 0)::regprocedure AS handler, "
    "NULLIF(laninline, 0)::regprocedure AS inline, "
    "NULLIF(lanvalidator, 0)::regprocedure AS validator FROM pg_language l "
    "WHERE " OBJECTS_OWN("pg_language", "l.oid");

static const char transforms[] =
    "SELECT format('for %s language %I', t.trftype::regtype, l.lanname) AS identity, "
    "NULLIF(t.trffromsql, 0)::regprocedure AS \"from SQL\", "
    "NULLIF(t.trftosql, 0)::regprocedure AS \"to SQL\" FROM pg_transform t "
    "JOIN pg_language l ON l.oid = t.trflang WHERE " OBJECTS_OWN("pg_transform", "t.oid");

static const char access_methods[] =
    "SELECT quote_ident(amname) AS identity, amhandler::regprocedure AS handler, amtype AS type "
    "FROM pg_am a WHERE " OBJECTS_OWN("pg_am", "a.oid");

static const char event_triggers[] =
    "SELECT quote_ident(evtname) AS identity, " OBJECTS_ROLE("evtowner") " AS owner, "
    OBJECTS_ENABLED("evtenabled") ", evtevent AS event, evtfoid::regprocedure AS function, "
    "evttags AS tags FROM pg_event_trigger e WHERE " OBJECTS_OWN("pg_event_trigger", "e.oid");
/* clang-format on */

const struct objects_query objects_routine_queries[] = {
    {OBJECTS_DATABASE, "function", 0, 0, functions},
    {OBJECTS_DATABASE, "aggregate", 0, 0, aggregates},
    {OBJECTS_DATABASE, "cast", 0, 0, casts},
    {OBJECTS_DATABASE, "operator", 0, 0, operators},
    {OBJECTS_DATABASE, "operator class", 0, 0, operator_classes},
    {OBJECTS_DATABASE, "operator family", 0, 0, operator_families},
    {OBJECTS_DATABASE, "language", 0, 0, languages},
    {OBJECTS_DATABASE, "transform", 0, 0, transforms},
    {OBJECTS_DATABASE, "access method", 0, 0, access_methods},
    {OBJECTS_DATABASE, "event trigger", 0, 0, event_triggers},
    {OBJECTS_DATABASE, NULL, 0, 0, NULL},
};
