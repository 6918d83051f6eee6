/* objects_queries.h: the rows of the tables of queries that objects.c runs, and what their SQL has
 * in common. */
#ifndef POSTGRES_OBJECTS_QUERIES_H
#define POSTGRES_OBJECTS_QUERIES_H

#include "postgres/objects.h"
#include "postgres/secret.h"

/* The first column is the identity; each further one is a field with the column's name. */
struct objects_query {
    enum objects_part part;
    const char *kind; /* NULL ends a table */
    int from, until;  /* server_version_num: from <= version < until; 0 is no limit */
    const char *sql;
};

extern const struct objects_query objects_cluster_queries[];
extern const struct objects_query objects_relation_queries[];
extern const struct objects_query objects_column_queries[];
extern const struct objects_query objects_routine_queries[];
extern const struct objects_query objects_type_queries[];
extern const struct objects_query objects_search_queries[];
extern const struct objects_query objects_foreign_queries[];
extern const struct objects_query objects_publication_queries[];
extern const struct objects_query objects_remark_queries[];
extern const struct objects_query objects_grant_queries[];

/* Names are unqualified as the search path is pg_catalog while these run. */

/* An object of a user's own: not initdb's, and not a member of an extension. */
#define OBJECTS_OWN(class, oid)                                                                    \
    oid " >= 16384 AND NOT EXISTS (SELECT FROM pg_depend x WHERE x.deptype = 'e' AND "             \
        "x.classid = '" class "'::regclass AND x.objid = " oid ")"
#define OBJECTS_ROLE(oid) "quote_ident(pg_get_userbyid(" oid "))"
#define OBJECTS_NAME(schema, name)                                                                 \
    "format('%I.%I', (SELECT n.nspname FROM pg_namespace n WHERE n.oid = " schema "), " name ")"
#define OBJECTS_LASTING(schema)                                                                    \
    schema " NOT IN (SELECT n.oid FROM pg_namespace n WHERE n.nspname ~ '^pg_(temp|toast)')"

/* "name=value" that holds a secret: the values of those are compared apart. */
#define OBJECTS_SECRET_OPTION(option)                                                              \
    SECRET_CONDITION("split_part(" option ", '=', 1)",                                             \
                     "substr(" option ", strpos(" option ", '='))")
#define OBJECTS_OPTIONS(array)                                                                     \
    "(SELECT string_agg(CASE WHEN " OBJECTS_SECRET_OPTION(                                         \
        "o") " THEN split_part(o, '=', 1) || '=***' ELSE o END, ', ' ORDER BY o) FROM "            \
             "unnest(" array ") o)"
#define OBJECTS_ENABLED(column)                                                                    \
    "CASE " column " WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'enabled on a replica only' "          \
    "WHEN 'A' THEN 'enabled always' ELSE 'enabled' END AS \"is\""

#endif
