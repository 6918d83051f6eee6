/* objects_foreign.c: the queries for extensions and for foreign servers with their user mappings.
 */
#include "postgres/objects_queries.h"

/* SQL keeps its own lines. */
/* clang-format off */

static const char extensions[] =
    "SELECT quote_ident(extname) AS identity, extversion AS version, "
    "quote_ident(n.nspname) AS schema, "
    "(SELECT string_agg(concat_ws(' ', t::regclass, NULLIF(e.extcondition[i], '')), ', ' "
    "ORDER BY t::regclass::text) FROM unnest(e.extconfig) WITH ORDINALITY c(t, i)) "
    "AS \"dumped tables\" FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace";

static const char wrappers[] =
    "SELECT quote_ident(fdwname) AS identity, " OBJECTS_ROLE("fdwowner") " AS owner, "
    "NULLIF(fdwhandler, 0)::regprocedure AS handler, "
    "NULLIF(fdwvalidator, 0)::regprocedure AS validator, " OBJECTS_OPTIONS("fdwoptions")
    " AS options FROM pg_foreign_data_wrapper f "
    "WHERE " OBJECTS_OWN("pg_foreign_data_wrapper", "f.oid");

static const char servers[] =
    "SELECT quote_ident(srvname) AS identity, " OBJECTS_ROLE("srvowner") " AS owner, "
    "quote_ident(f.fdwname) AS wrapper, srvtype AS type, srvversion AS version, "
    OBJECTS_OPTIONS("srvoptions") " AS options, s.xmin AS \"@row\" FROM pg_foreign_server s "
    "JOIN pg_foreign_data_wrapper f ON f.oid = s.srvfdw "
    "WHERE " OBJECTS_OWN("pg_foreign_server", "s.oid");

#define MAPPING \
    "format('%s on %I', CASE WHEN m.umuser = 0 THEN 'PUBLIC' ELSE " \
    OBJECTS_ROLE("m.umuser") " END, s.srvname)"

static const char user_mappings[] =
    "SELECT " MAPPING " AS identity, " OBJECTS_OPTIONS("m.umoptions") " AS options, "
    "m.xmin AS \"@row\" FROM pg_user_mapping m JOIN pg_foreign_server s ON s.oid = m.umserver";

static const char secret_options[] =
    "SELECT w.identity || ': ' || split_part(o, '=', 1) AS identity, o AS value FROM ("
    "SELECT 'user mapping ' || " MAPPING " AS identity, m.umoptions AS options "
    "FROM pg_user_mapping m JOIN pg_foreign_server s ON s.oid = m.umserver "
    "UNION ALL SELECT 'foreign server ' || quote_ident(srvname), srvoptions FROM pg_foreign_server "
    "UNION ALL SELECT 'foreign-data wrapper ' || quote_ident(fdwname), fdwoptions "
    "FROM pg_foreign_data_wrapper "
    "UNION ALL SELECT 'foreign table ' || ftrelid::regclass, ftoptions FROM pg_foreign_table"
    ") w, unnest(w.options) o WHERE " OBJECTS_SECRET_OPTION("o");
/* clang-format on */

const struct objects_query objects_foreign_queries[] = {
    {OBJECTS_DATABASE, "extension", 0, 0, extensions},
    {OBJECTS_DATABASE, "foreign-data wrapper", 0, 0, wrappers},
    {OBJECTS_DATABASE, "foreign server", 0, 0, servers},
    {OBJECTS_DATABASE, "user mapping", 0, 0, user_mappings},
    {OBJECTS_DATABASE_SECRETS, "secret option", 0, 0, secret_options},
    {OBJECTS_DATABASE, NULL, 0, 0, NULL},
};
