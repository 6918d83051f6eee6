/* drifted_tables.c: tables that differ, those with rows of their own apart from the others. */
#include "steps/drift/drifted_tables.h"

#include "postgres/digest.h"

#include <stdlib.h>
#include <string.h>

/* A survey's tables are sorted by schema and name. */
static int order_by_name(const void *left, const void *right)
{
    const struct pg_table *wanted = left, *table = right;
    int order = strcmp(wanted->schema, table->schema);
    return order ? order : strcmp(wanted->name, table->name);
}

struct pg_table *drifted_tables_in(const struct survey *survey, const char *database,
                                   const char *schema, const char *name)
{
    struct pg_table wanted = {.schema = (char *)schema, .name = (char *)name};
    for (size_t i = 0; i < survey->count; i++) {
        const struct pg_table_list *tables = &survey->tables[i].tables;
        if (!strcmp(survey->tables[i].database, database) && tables->count)
            return bsearch(&wanted, tables->items, tables->count, sizeof wanted, order_by_name);
    }
    return NULL;
}

static void add(struct difference_table **items, size_t *count, size_t *capacity,
                const struct difference_table *table)
{
    if (*count == *capacity) {
        *capacity = *capacity ? 2 * *capacity : 16;
        *items = xrealloc(*items, *capacity * sizeof **items);
    }
    (*items)[(*count)++] = *table;
}

static void found(void *context, enum row_change change, const struct row_count *now,
                  const struct row_count *new)
{
    struct drifted_tables *tables = context;
    const struct row_count *named = now ? now : new;
    if (change == ROW_EQUAL || !named)
        return;
    struct difference_table table = {.database = named->database,
                                     .schema = named->schema,
                                     .table = named->table,
                                     .old_rows = now ? now->rows : -1,
                                     .new_rows = new ? new->rows : -1,
                                     .moved = now &&new &&
                                              !digest_same_parents(now->digest, new->digest)};
    if (named->kind == TABLE_MATERIALISED || row_counts_explained(now, new))
        add(&tables->others, &tables->other_count, &tables->other_capacity, &table);
    else
        add(&tables->items, &tables->count, &tables->capacity, &table);
}

void drifted_tables_find(struct row_counts *now, struct row_counts *new,
                         struct drifted_tables *tables)
{
    *tables = (struct drifted_tables){0};
    row_counts_compare(now, new, found, tables);
}

void drifted_tables_free(struct drifted_tables *tables)
{
    free(tables->items);
    free(tables->others);
    *tables = (struct drifted_tables){0};
}
