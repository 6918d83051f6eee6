/* table_shape.h: a table's columns and the key that tells its rows apart, as comparing and copying
 * single rows needs them. */
#ifndef POSTGRES_TABLE_SHAPE_H
#define POSTGRES_TABLE_SHAPE_H

#include "postgres/connection.h"

struct shape_column {
    char *name;
    char *type;     /* as format_type shows it, with its modifier */
    char *key_type; /* the type alone, for a value in SQL */
    char *equals;   /* the key's operator with its schema: OPERATOR(pg_catalog.=); "" else */
    bool generated; /* computed by the server: not copied */
};

/* How rows are put in order while they are compared. */
enum shape_position {
    POSITION_HASH,    /* of the key, or of the whole row */
    POSITION_INTEGER, /* the key itself */
    POSITION_SECONDS, /* of a key that is a time */
    POSITION_UUID,    /* its first eight bytes */
};

struct table_shape {
    char *schema, *name;
    char *condition;              /* as in struct pg_table: which rows count; NULL for all */
    struct shape_column *columns; /* in the table's order */
    size_t count;
    size_t *key; /* indexes of columns; none: rows can't be told apart but by their contents */
    size_t key_count;
    enum shape_position position;
};

/* The key is the primary key, else the replica identity, else a unique index; whole columns without
 * NULL, not partial. A table that isn't there has no columns. Free in any case. Source: PostgreSQL
 * manual, pg_index, pg_attribute. */
bool table_shape_read(struct pg_connection *connection, const char *schema, const char *name,
                      struct table_shape *shape, struct error *error);
void table_shape_free(struct table_shape *shape);

/* Same columns of the same types, whatever their order. */
bool table_shapes_alike(const struct table_shape *left, const struct table_shape *right);

/* Parts of statements about the table, whose alias is `t`. */
/* "WORD CONDITION", such as " WHERE " before it; nothing where all rows count. */
void table_shape_add_condition(const struct table_shape *shape, const char *word, struct text *sql);
bool table_shape_add_name(struct pg_connection *connection, const struct table_shape *shape,
                          struct text *sql, struct error *error); /* "schema"."name" */
/* Columns that are copied, with `prefix` before each, parted by commas. */
bool table_shape_add_copied(struct pg_connection *connection, const struct table_shape *shape,
                            const char *prefix, struct text *sql, struct error *error);
/* t."column" of a key's column. */
bool table_shape_add_key(struct pg_connection *connection, const struct table_shape *shape,
                         size_t index, struct text *sql, struct error *error);
/* A row's hash. The columns are named, as inheritance may have given them another order on the
 * other server; a bytea's text would be twice its size, so its own hash stands for it. */
bool table_shape_add_row_hash(struct pg_connection *connection, const struct table_shape *shape,
                              struct text *sql, struct error *error);

#endif
