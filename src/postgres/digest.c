/* digest.c: the SQL of counts and digests. */
#include "postgres/digest.h"

#include <string.h>

#define PARENTS_MARK "@"

static const char session_sql[] =
    "SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; SET TimeZone = 'UTC'; "
    "SET extra_float_digits = 3; SET bytea_output = 'hex'; SET lc_monetary = 'C'; "
    "SET xmloption = 'content'; SET quote_all_identifiers = off; "
    "SET search_path = pg_catalog";

/* A bytea's text is twice its size, so its own hash stands for it. Texts are hashed as they are;
 * the text of any other type is made by its output function, as a dump makes it, and not by a cast
 * that somebody may have defined. */
static const char hashes_sql[] =
    "WITH RECURSIVE column_type AS ("
    "SELECT a.attname, a.atttypid AS type FROM pg_catalog.pg_attribute a "
    "JOIN pg_catalog.pg_class c ON c.oid = a.attrelid "
    "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped "
    "UNION ALL SELECT d.attname, t.typbasetype FROM column_type d "
    "JOIN pg_catalog.pg_type t ON t.oid = d.type AND t.typtype = 'd'), "
    "base AS (SELECT d.attname, d.type FROM column_type d "
    "JOIN pg_catalog.pg_type t ON t.oid = d.type AND t.typtype <> 'd') "
    "SELECT pg_catalog.string_agg(pg_catalog.format(CASE "
    "WHEN type = 'pg_catalog.bytea'::pg_catalog.regtype "
    "THEN 'pg_catalog.encode(pg_catalog.sha256(t.%1$I), ''hex'')' "
    "WHEN type IN ('pg_catalog.text'::pg_catalog.regtype, "
    "'pg_catalog.varchar'::pg_catalog.regtype, "
    "'pg_catalog.json'::pg_catalog.regtype) "
    "THEN 'pg_catalog.hashtextextended(t.%1$I::pg_catalog.text COLLATE pg_catalog.\"C\", 0)' "
    "ELSE 'pg_catalog.hashtextextended(ROW(t.%1$I)::pg_catalog.text "
    "COLLATE pg_catalog.\"C\", 0)' END, attname), ', ' ORDER BY attname COLLATE \"C\") "
    "FROM base";

bool digest_session(struct pg_connection *connection, struct error *error)
{
    return pg_execute(connection, session_sql, error) ||
           error_wrap(error, "making values read the same on all servers");
}

void digest_add_row_text(struct text *sql, const struct pg_table *table)
{
    if (table->by_column && table->hashes)
        text_printf(sql, "ROW(%s)::pg_catalog.text", table->hashes);
    else if (table->columns)
        text_printf(sql, "ROW(%s)::pg_catalog.text", table->columns);
    else
        text_add(sql, "(t.*)::pg_catalog.text");
}

void digest_add_row_hash(struct text *sql, const struct pg_table *table)
{
    text_add(sql, "pg_catalog.hashtextextended(");
    digest_add_row_text(sql, table);
    text_add(sql, " COLLATE pg_catalog.\"C\", 0)");
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
    text_printf(sql, "SELECT %zu, pg_catalog.count(*), '%s' || coalesce(pg_catalog.sum(", number,
                table->by_column ? DIGEST_BY_COLUMN : "");
    digest_add_row_hash(sql, table);
    text_add(sql, "), 0)::pg_catalog.text");
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

bool digest_is_by_column(const char *digest)
{
    return text_starts(digest, DIGEST_BY_COLUMN);
}

bool digest_by_column(struct pg_connection *connection, struct pg_table *table, struct error *error)
{
    const char *const values[] = {table->schema, table->name};
    table->by_column = true;
    if (table->hashes)
        return true;
    PGresult *result = pg_query(connection, hashes_sql, 2, values, error);
    if (!result)
        return error_wrap(error, "listing the columns of %s.%s", table->schema, table->name);
    table->hashes = PQntuples(result) ? xstrdup(pg_field(result, 0, 0)) : NULL;
    PQclear(result);
    return table->hashes ||
           error_set(error, ERROR_SERVER, "the table %s.%s is gone", table->schema, table->name);
}
