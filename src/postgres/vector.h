/* vector.h: pgvector's columns, and a similarity query on one of them. */
#ifndef POSTGRES_VECTOR_H
#define POSTGRES_VECTOR_H

#include "postgres/connection.h"

struct vector_column {
    char *schema, *table, *column;
    char *type; /* "vector", "halfvec", "sparsevec" */
    char *extension_schema;
    char *index;         /* a valid HNSW or IVFFlat index on it, "" for none */
    char *operator_name; /* the distance that the index orders by, else "<->" */
};

struct vector_columns {
    struct vector_column *items;
    size_t count;
};

/* All columns of pgvector's types in the connection's database, in tables and materialised views.
 * Free in any case. */
bool vector_columns(struct pg_connection *connection, struct vector_columns *list,
                    struct error *error);
void vector_columns_free(struct vector_columns *list);
/* Only how many; false on failure. */
bool vector_column_count(struct pg_connection *connection, long *count, struct error *error);

struct vector_answer {
    long rows;     /* that the query gave, at most 3 */
    bool by_index; /* the plan uses the column's index */
};

/* The three nearest to the first vector that is found. With an index the plan has to use it if it
 * can, so that the index itself is tried. Source: pgvector's manual, "Querying". */
bool vector_query(struct pg_connection *connection, const struct vector_column *column,
                  struct vector_answer *answer, struct error *error);

#endif
