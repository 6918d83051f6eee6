/* catalog.h: what a server holds: version, databases, extensions, tables. */
#ifndef POSTGRES_CATALOG_H
#define POSTGRES_CATALOG_H

#include "postgres/connection.h"

#include <cjson/cJSON.h>

/* Bytes of a database that has next to nothing in it; a new one has 7 to 8 MB. */
#define PG_NEARLY_EMPTY (16LL << 20)

struct pg_database_entry {
    char *name;
    long long bytes;  /* pg_database_size; -1 when it can't be connected to */
    bool template;    /* datistemplate */
    bool connectable; /* datallowconn, and no interrupted DROP DATABASE */
};

struct pg_database_list {
    struct pg_database_entry *items;
    size_t count;
};

/* All databases but template0, template1 first and then by name, as pg_dumpall takes them. Free in
 * any case. */
bool catalog_databases(struct pg_connection *connection, struct pg_database_list *list,
                       struct error *error);
void pg_database_list_free(struct pg_database_list *list);
const struct pg_database_entry *pg_database_find(const struct pg_database_list *list,
                                                 const char *name);
/* Bytes of all that can be connected to. */
long long pg_database_list_bytes(const struct pg_database_list *list);

enum pg_table_kind {
    TABLE_ORDINARY,
    TABLE_MATERIALISED, /* a restore computes its rows anew */
    TABLE_EXTENSION,    /* one in which an extension lets users keep rows, which a dump carries */
};
/* NULL for an ordinary table. */
const char *pg_table_kind_name(enum pg_table_kind kind);
/* What isn't such a name is ordinary. */
enum pg_table_kind pg_table_kind_of(const char *name);

/* Of pg_class `c` and pg_namespace `n`: the rows of alias `t` that a dump carries, as a condition;
 * NULL when it carries them all. The others are the extension's own: they come from its script, and
 * so with its version. The text in the catalog may name columns by their table's name, so it stands
 * in a statement of its own. Source: PostgreSQL manual, "Extension Configuration Tables". */
#define DUMPED_ROWS_SQL                                                                            \
    "(SELECT pg_catalog.format('t.ctid IN (SELECT ctid FROM ONLY %I.%I %s)', n.nspname, "          \
    "c.relname, f.condition) FROM (SELECT "                                                        \
    "x.extcondition[pg_catalog.array_position(x.extconfig, c.oid)] AS condition "                  \
    "FROM pg_catalog.pg_extension x WHERE c.oid = ANY (x.extconfig)) AS f "                        \
    "WHERE f.condition <> '' LIMIT 1)"

#define PG_DIGEST_SIZE 64

struct pg_table {
    char *schema;
    char *name;
    enum pg_table_kind kind;
    char *hash;                  /* SQL of the 64-bit hash of a row of alias `t`, whatever the
                                    order of its columns */
    char *parents;               /* hash of the names of the tables that it's a partition or a child
                                    of, in hexadecimal digits; NULL without any */
    char *condition;             /* SQL that a row of alias `t` fulfils when a dump carries it; NULL
                                    for all. Counts and digests are of these rows alone */
    long long pages;             /* of 8 KB, with what is stored out of line */
    long long rows;              /* exact, -1 until counted */
    char digest[PG_DIGEST_SIZE]; /* of the rows' contents, "" until taken */
};

struct pg_table_list {
    struct pg_table *items;
    size_t count;
};

/* Every table of the connection's database that holds rows of its own: ordinary tables, partitions
 * (leaves), materialised views that are filled. No partitioned parents, foreign tables, temporary
 * tables, and nothing of the system's. Sorted by schema and name. Tables that belong to an
 * extension count only when the extension has them dumped (pg_extension.extconfig). Source:
 * PostgreSQL manual, pg_class. */
bool catalog_tables(struct pg_connection *connection, struct pg_table_list *list,
                    struct error *error);
void pg_table_list_free(struct pg_table_list *list);

/* {name: version} of all extensions in the connection's database. The caller deletes; NULL on
 * failure. */
cJSON *catalog_extensions(struct pg_connection *connection, struct error *error);

/* {version, version_num, encoding, collation, started, system} of the server; the caller deletes;
 * NULL on failure. */
cJSON *catalog_server(struct pg_connection *connection, struct error *error);

/* server_version_num / 10000. */
int catalog_major(int version_num);

/* The identifier of the server's data directory, which no other initdb has given; caller frees,
 * NULL with an error. Source: PostgreSQL manual, "Control Data Functions". */
#define CATALOG_SYSTEM_SQL "SELECT system_identifier FROM pg_catalog.pg_control_system()"
char *catalog_system(struct pg_connection *connection, struct error *error);

#endif
