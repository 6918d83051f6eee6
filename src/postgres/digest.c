/* digest.c: the SQL of counts and digests. */
#include "postgres/digest.h"

#include <string.h>

#define PARENTS_MARK "@"

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

/* ONLY: a parent's count and digest must not hold its children's rows, which are taken on their
 * own. */
static bool add_table(struct pg_connection *connection, const struct pg_table *table,
                      struct text *sql, struct error *error)
{
    text_add(sql, " FROM ONLY ");
    if (!pg_add_identifier(connection, sql, table->schema, error))
        return false;
    text_add(sql, ".");
    if (!pg_add_identifier(connection, sql, table->name, error))
        return false;
    text_add(sql, " t");
    if (table->condition)
        text_printf(sql, " WHERE %s", table->condition);
    return true;
}

/* A sum doesn't depend on the rows' order and, unlike an exclusive or, counts equal rows. */
bool digest_statement(struct pg_connection *connection, const struct pg_table *table, size_t number,
                      struct text *sql, struct error *error)
{
    text_printf(sql,
                "SELECT %zu, pg_catalog.count(*), coalesce(pg_catalog.sum(%s), 0)::pg_catalog.text",
                number, table->hash);
    if (table->parents)
        text_printf(sql, " || '" PARENTS_MARK "%s'", table->parents);
    return add_table(connection, table, sql, error);
}

bool digest_count_statement(struct pg_connection *connection, const struct pg_table *table,
                            size_t number, struct text *sql, struct error *error)
{
    text_printf(sql, "SELECT %zu, pg_catalog.count(*), ''", number);
    return add_table(connection, table, sql, error);
}

bool digest_same_rows(const char *left, const char *right)
{
    size_t length = strcspn(left, PARENTS_MARK);
    return length == strcspn(right, PARENTS_MARK) && !strncmp(left, right, length);
}

bool digest_same_parents(const char *left, const char *right)
{
    return !strcmp(left + strcspn(left, PARENTS_MARK), right + strcspn(right, PARENTS_MARK));
}
