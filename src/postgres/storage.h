/* storage.h: which file of a database's directory holds what, so that a block in the write-ahead
 * log can be told to be a table's, the schema's or nobody's. */
#ifndef POSTGRES_STORAGE_H
#define POSTGRES_STORAGE_H

#include "postgres/connection.h"

#include <stddef.h>
#include <stdint.h>

enum storage_kind {
    STORAGE_TABLE,
    STORAGE_VIEW,         /* materialised */
    STORAGE_LARGE_OBJECT, /* the two catalogs that large objects are kept in */
    STORAGE_COMMON,       /* catalogs that temporary tables have rows in as well */
    STORAGE_SCHEMA,       /* the other catalogs: a schema, roles, databases */
};

struct storage_file {
    uint32_t tablespace, file; /* as the log names them */
    enum storage_kind kind;
    bool unlogged; /* the log has nothing of its rows, or not as heap tables' (another table access
                      method than that, whose records nobody knows) */
    char *schema, *name;
};

struct storage {
    uint32_t database;          /* its number */
    struct storage_file *items; /* by tablespace and file */
    size_t count;
};

/* Tables and materialised views that a dump carries rows of, and the system's catalogs, as the
 * connection's snapshot shows them. What isn't in it holds no rows of its own (indexes, sequences,
 * TOAST, whose main row is written as well), is temporary, or is the server's own business
 * (statistics, dependencies). Free in any case. Source: PostgreSQL manual, "Database File Layout",
 * pg_class. */
bool storage_read(struct pg_connection *connection, struct storage *storage, struct error *error);
void storage_free(struct storage *storage);
/* NULL when there is none. `database` 0: what the cluster shares. */
const struct storage_file *storage_find(const struct storage *storage, uint32_t database,
                                        uint32_t tablespace, uint32_t file);

/* One text that stays the same as long as nobody but temporary tables changes the catalogs of the
 * kind STORAGE_COMMON; the caller frees. NULL on failure. A table's new file (TRUNCATE, VACUUM
 * FULL, CLUSTER) is no change. */
char *storage_schema_digest(struct pg_connection *connection, struct error *error);

#endif
