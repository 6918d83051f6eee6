/* objects_publications.c: the queries for logical replication. */
#include "postgres/objects_queries.h"

/* SQL keeps its own lines. */
/* clang-format off */

static const char publications[] =
    "SELECT quote_ident(pubname) AS identity, " OBJECTS_ROLE("pubowner") " AS owner, "
    "puballtables AS \"all tables\", concat_ws(', ', CASE WHEN pubinsert THEN 'insert' END, "
    "CASE WHEN pubupdate THEN 'update' END, CASE WHEN pubdelete THEN 'delete' END, "
    "CASE WHEN pubtruncate THEN 'truncate' END) AS publishes, pubviaroot AS \"via the root\", "
    "NULLIF(to_jsonb(p) ->> 'pubgencols', 'n') AS \"generated columns\" FROM pg_publication p "
    "WHERE " OBJECTS_OWN("pg_publication", "p.oid");

#define PUBLISHED(more) \
    "SELECT format('%I: %s', p.pubname, r.prrelid::regclass) AS identity, 'yes' AS published" more \
    " FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid"

static const char tables[] = PUBLISHED("");
static const char tables_15[] = PUBLISHED(
    ", (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a "
    "WHERE a.attrelid = r.prrelid AND a.attnum = ANY (r.prattrs)) AS columns, "
    "pg_get_expr(r.prqual, r.prrelid) AS \"where\"");

static const char schemas[] =
    "SELECT format('%I: %I', p.pubname, n.nspname) AS identity, 'yes' AS published "
    "FROM pg_publication_namespace s JOIN pg_publication p ON p.oid = s.pnpubid "
    "JOIN pg_namespace n ON n.oid = s.pnnspid";

#define OF_DATABASE \
    " FROM pg_subscription s WHERE s.subdbid = " \
    "(SELECT oid FROM pg_database WHERE datname = current_database())"

static const char subscriptions[] =
    "SELECT quote_ident(s.subname) AS identity, " OBJECTS_ROLE("s.subowner") " AS owner, "
    "CASE WHEN s.subenabled THEN 'enabled' ELSE 'disabled' END AS \"is\", "
    "s.subslotname AS slot, s.subsynccommit AS \"synchronous commit\", "
    "array_to_string(s.subpublications, ', ') AS publications, s.xmin AS \"@row\"" OF_DATABASE;

static const char connections[] =
    "SELECT quote_ident(s.subname) AS identity, s.subconninfo AS value" OF_DATABASE;
/* clang-format on */

const struct objects_query objects_publication_queries[] = {
    {OBJECTS_DATABASE, "publication", 0, 0, publications},
    {OBJECTS_DATABASE, "published table", 0, 150000, tables},
    {OBJECTS_DATABASE, "published table", 150000, 0, tables_15},
    {OBJECTS_DATABASE, "published schema", 150000, 0, schemas},
    {OBJECTS_DATABASE, "subscription", 0, 0, subscriptions},
    {OBJECTS_DATABASE_SECRETS, "subscription's connection", 0, 0, connections},
    {OBJECTS_DATABASE, NULL, 0, 0, NULL},
};
