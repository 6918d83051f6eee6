/* table_copy_parts.h: what making a table's copy equal again is made of, for the ways of telling
 * which rows to take. Nothing outside of src/postgres/ includes it. */
#ifndef POSTGRES_TABLE_COPY_PARTS_H
#define POSTGRES_TABLE_COPY_PARTS_H

#include "postgres/key_list.h"
#include "postgres/table_copy.h"

typedef bool table_copy_body(struct table_copy *copy, void *context, struct error *error);

/* Calls `body` with copy->removed and copy->copied at 0, while triggers and rules that act in spite
 * of table_copy_begin are disabled. */
bool table_copy_unhindered(struct table_copy *copy, table_copy_body *body, void *context,
                           struct error *error);
/* Removes the rows with one batch's keys from the copy; copy->removed grows. */
bool table_copy_remove(struct table_copy *copy, const struct key_list *list, size_t batch,
                       struct error *error);
/* Brings rows from copy->old: `which` is the end of "SELECT ... FROM ONLY table t", " WHERE ..." or
 * the like. copy->copied grows. */
bool table_copy_bring(struct table_copy *copy, const char *which, struct error *error);
/* A statement without parameters; *rows grows by those it touched. */
bool table_copy_count(struct pg_connection *connection, const char *sql, long long *rows,
                      struct error *error);

#endif
