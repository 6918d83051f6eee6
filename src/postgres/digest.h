/* digest.h: the exact count of a table's rows and a digest of their contents that doesn't depend on
 * their order and is the same on PostgreSQL 13 to 18: the sum of the rows' hashes
 * (pg_table.hash). Source: hashtextextended, which hashes bytes the same on all majors (of servers
 * with the same byte order). */
#ifndef POSTGRES_DIGEST_H
#define POSTGRES_DIGEST_H

#include "postgres/catalog.h"

/* Settings that make values read the same on every server (dates, intervals, floats, bytea, money,
 * time zone, an empty search path). Once a session, before digests or keys are asked for. Source:
 * PostgreSQL manual, "Client Connection Defaults". */
bool digest_session(struct pg_connection *connection, struct error *error);

/* The digest tells what a table is a partition or a child of, too: its rows are those of the parent
 * as well, and a partition that is detached takes them away from there. Whether two digests that
 * differ are of the same rows all the same: */
bool digest_same_rows(const char *left, const char *right);
/* Whether they are of tables with the same parents, whatever their rows. */
bool digest_same_parents(const char *left, const char *right);

/* Appends "SELECT NUMBER, COUNT, DIGEST FROM ONLY SCHEMA.NAME t", with the table's condition: one
 * row of two numbers and a text. */
bool digest_statement(struct pg_connection *connection, const struct pg_table *table, size_t number,
                      struct text *sql, struct error *error);
/* The same with an empty text in the digest's place: much cheaper. */
bool digest_count_statement(struct pg_connection *connection, const struct pg_table *table,
                            size_t number, struct text *sql, struct error *error);

#endif
