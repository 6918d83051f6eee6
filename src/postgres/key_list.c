/* key_list.c: keys written as SQL values, a batch at a time. */
#include "postgres/key_list.h"

#include <stdlib.h>

static struct text *current_batch(struct key_list *list)
{
    if (list->keys % KEY_LIST_BATCH == 0) {
        list->batches = xrealloc(list->batches, (list->count + 1) * sizeof *list->batches);
        list->batches[list->count++] = (struct text){0};
    }
    return &list->batches[list->count - 1];
}

static bool add_tuple(struct text *batch, struct pg_connection *connection,
                      const struct table_shape *shape, const char *const *values,
                      struct error *error)
{
    text_add(batch, batch->length ? ", (" : "(");
    for (size_t i = 0; i < shape->key_count; i++) {
        text_add(batch, i ? ", " : "");
        if (!pg_add_literal(connection, batch, values[i], error))
            return false;
        text_printf(batch, "::%s", shape->columns[shape->key[i]].key_type);
    }
    text_add(batch, ")");
    return true;
}

bool key_list_add(struct key_list *list, struct pg_connection *connection,
                  const struct table_shape *shape, const char *const *values, struct error *error)
{
    if (list->overflow || list->bytes > KEY_LIST_BYTES) {
        list->overflow = true;
        return true;
    }
    struct text *batch = current_batch(list);
    size_t before = batch->length;
    bool added = add_tuple(batch, connection, shape, values, error);
    list->bytes += batch->length - before;
    list->keys++;
    return added;
}

void key_list_free(struct key_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        text_free(&list->batches[i]);
    free(list->batches);
    *list = (struct key_list){0};
}

void key_list_add_values(const struct key_list *list, size_t batch, const struct table_shape *shape,
                         struct text *sql)
{
    text_printf(sql, "(VALUES %s) AS k (", text_string(&list->batches[batch]));
    for (size_t i = 0; i < shape->key_count; i++)
        text_printf(sql, "%sk%zu", i ? ", " : "", i);
    text_add(sql, ")");
}

bool key_list_add_condition(struct pg_connection *connection, const struct table_shape *shape,
                            struct text *sql, struct error *error)
{
    for (size_t i = 0; i < shape->key_count; i++) {
        text_add(sql, i ? " AND " : "");
        if (!table_shape_add_key(connection, shape, i, sql, error))
            return false;
        text_printf(sql, " %s k.k%zu", shape->columns[shape->key[i]].equals, i);
    }
    return true;
}
