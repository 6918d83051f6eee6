/* digest.c: the SQL of counts and digests. */
#include "postgres/digest.h"

static const char session_sql[] =
    "SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; SET TimeZone = 'UTC'; "
    "SET extra_float_digits = 3; SET bytea_output = 'hex'; SET lc_monetary = 'C'; "
    "SET xmloption = 'content'; SET quote_all_identifiers = off; "
    "SET search_path = pg_catalog";

bool digest_session(struct pg_connection *connection, struct error *error)
{
    return pg_execute(connection, session_sql, error) ||
           error_wrap(error, "making values read the same on all servers");
}

/* A sum doesn't depend on the rows' order and, unlike an exclusive or, counts equal rows. ONLY: a
 * parent's digest must not hold its children's rows, which are taken on their own. */
bool digest_statement(struct pg_connection *connection, const struct pg_table *table, size_t number,
                      struct text *sql, struct error *error)
{
    text_printf(sql,
                "SELECT %zu, pg_catalog.count(*), "
                "coalesce(pg_catalog.sum(" DIGEST_ROW_HASH "), 0)::pg_catalog.text FROM ONLY ",
                number);
    if (!pg_add_identifier(connection, sql, table->schema, error))
        return false;
    text_add(sql, ".");
    if (!pg_add_identifier(connection, sql, table->name, error))
        return false;
    text_add(sql, " t");
    return true;
}
