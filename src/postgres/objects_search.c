/* objects_search.c: the queries for text search. */
#include "postgres/objects_queries.h"

/* SQL keeps its own lines. */
/* clang-format off */

static const char configurations[] =
    "SELECT " OBJECTS_NAME("c.cfgnamespace", "c.cfgname") " AS identity, "
    OBJECTS_ROLE("c.cfgowner") " AS owner, "
    "(SELECT identity FROM pg_identify_object('pg_ts_parser'::regclass, c.cfgparser, 0)) "
    "AS parser, (SELECT string_agg(format('%s: %s', t.alias, m.mapdict::regdictionary), ', ' "
    "ORDER BY t.alias, m.mapseqno) FROM pg_ts_config_map m "
    "JOIN ts_token_type(c.cfgparser) t ON t.tokid = m.maptokentype WHERE m.mapcfg = c.oid) "
    "AS mappings FROM pg_ts_config c WHERE " OBJECTS_OWN("pg_ts_config", "c.oid");

static const char dictionaries[] =
    "SELECT " OBJECTS_NAME("d.dictnamespace", "d.dictname") " AS identity, "
    OBJECTS_ROLE("d.dictowner") " AS owner, d.dictinitoption AS options, "
    "(SELECT identity FROM pg_identify_object('pg_ts_template'::regclass, d.dicttemplate, 0)) "
    "AS template FROM pg_ts_dict d WHERE " OBJECTS_OWN("pg_ts_dict", "d.oid");

static const char parsers[] =
    "SELECT " OBJECTS_NAME("p.prsnamespace", "p.prsname") " AS identity, "
    "concat_ws(', ', p.prsstart, p.prstoken, p.prsend, p.prsheadline, p.prslextype) AS functions "
    "FROM pg_ts_parser p WHERE " OBJECTS_OWN("pg_ts_parser", "p.oid");

static const char templates[] =
    "SELECT " OBJECTS_NAME("t.tmplnamespace", "t.tmplname") " AS identity, "
    "concat_ws(', ', t.tmplinit, t.tmpllexize) AS functions "
    "FROM pg_ts_template t WHERE " OBJECTS_OWN("pg_ts_template", "t.oid");
/* clang-format on */

const struct objects_query objects_search_queries[] = {
    {OBJECTS_DATABASE, "text search configuration", 0, 0, configurations},
    {OBJECTS_DATABASE, "text search dictionary", 0, 0, dictionaries},
    {OBJECTS_DATABASE, "text search parser", 0, 0, parsers},
    {OBJECTS_DATABASE, "text search template", 0, 0, templates},
    {OBJECTS_DATABASE, NULL, 0, 0, NULL},
};
