/* key_list.h: keys of differing rows as lists of SQL values, in batches and with a bound. */
#ifndef POSTGRES_KEY_LIST_H
#define POSTGRES_KEY_LIST_H

#include "postgres/table_shape.h"

#define KEY_LIST_BATCH 1000               /* keys a statement */
#define KEY_LIST_BYTES ((size_t)32 << 20) /* of all batches */

/* Zero-initialised is empty. Free with key_list_free. */
struct key_list {
    struct text *batches; /* "('17'::bigint), ('18'::bigint)" */
    size_t count;
    size_t keys, bytes;
    bool overflow; /* more than fit came: the list isn't whole */
};

/* `values` are a key's columns as text, in the shape's order. */
bool key_list_add(struct key_list *list, struct pg_connection *connection,
                  const struct table_shape *shape, const char *const *values, struct error *error);
void key_list_free(struct key_list *list);

/* Appends "(VALUES BATCH) AS k (k0, k1)", and "t."id" OPERATOR(...) k.k0 AND ...". */
void key_list_add_values(const struct key_list *list, size_t batch, const struct table_shape *shape,
                         struct text *sql);
bool key_list_add_condition(struct pg_connection *connection, const struct table_shape *shape,
                            struct text *sql, struct error *error);

#endif
