/* digest.h: the exact count of a table's rows and a digest of their contents that doesn't depend on
 * their order and is the same on PostgreSQL 13 to 18. */
#ifndef POSTGRES_DIGEST_H
#define POSTGRES_DIGEST_H

#include "postgres/catalog.h"

/* Settings that make values read the same on every server (dates, intervals, floats, bytea, money,
 * time zone, an empty search path). Once a session, before digests or keys are asked for. Source:
 * PostgreSQL manual, "Client Connection Defaults". */
bool digest_session(struct pg_connection *connection, struct error *error);

/* The text of a whole row of alias `t`, as SQL: NULL and '' differ in it. */
#define DIGEST_ROW_TEXT "(t.*)::pg_catalog.text"
/* A row's 64-bit hash, as SQL. Source: hashtextextended, which hashes bytes the same on all majors
 * (of servers with the same byte order). */
#define DIGEST_ROW_HASH                                                                            \
    "pg_catalog.hashtextextended(" DIGEST_ROW_TEXT " COLLATE pg_catalog.\"C\", 0)"

/* Appends "SELECT NUMBER, COUNT, DIGEST FROM ONLY SCHEMA.NAME t": one row of two numbers and a
 * text. */
bool digest_statement(struct pg_connection *connection, const struct pg_table *table, size_t number,
                      struct text *sql, struct error *error);

#endif
