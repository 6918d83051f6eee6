/* materialised.c: the order of materialised views, and REFRESH. */
#include "postgres/materialised.h"

/* Materialised views, those that others are made of first. */
static const char order_sql[] =
    "WITH RECURSIVE uses AS (SELECT DISTINCT r.ev_class AS view, d.refobjid AS used "
    "FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_depend d "
    "ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid "
    "AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid <> r.ev_class), "
    "depth AS (SELECT oid, 0 AS n FROM pg_catalog.pg_class WHERE relkind IN ('m', 'v') "
    "UNION SELECT uses.view, depth.n + 1 FROM depth JOIN uses ON uses.used = depth.oid "
    "WHERE depth.n < 100) "
    "SELECT n.nspname, c.relname FROM depth JOIN pg_catalog.pg_class c ON c.oid = depth.oid "
    "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'm' "
    "GROUP BY n.nspname, c.relname ORDER BY max(depth.n)";

bool materialised_each(struct pg_connection *connection, materialised_found *found, void *context,
                       struct error *error)
{
    PGresult *order = pg_query(connection, order_sql, 0, NULL, error);
    bool done = order != NULL;
    for (int row = 0; done && row < PQntuples(order); row++)
        done = found(context, pg_field(order, row, 0), pg_field(order, row, 1), error);
    PQclear(order);
    return done;
}

bool materialised_refresh(struct pg_connection *connection, const char *schema, const char *name,
                          struct error *error)
{
    struct text sql = {0};
    text_add(&sql, "REFRESH MATERIALIZED VIEW ");
    bool done = pg_add_identifier(connection, &sql, schema, error);
    text_add(&sql, ".");
    done = done && pg_add_identifier(connection, &sql, name, error) &&
           pg_execute(connection, text_string(&sql), error);
    text_free(&sql);
    return done || error_wrap(error, "refreshing the materialised view %s.%s", schema, name);
}
