/* pg_rows.c: sets of row counts, sorted and walked over in step. */
#include "steps/compare/pg_rows.h"

#include <stdlib.h>
#include <string.h>

static struct row_count *new_item(struct row_counts *counts)
{
    if (counts->count == counts->capacity) {
        counts->capacity = counts->capacity ? 2 * counts->capacity : 64;
        counts->items = xrealloc(counts->items, counts->capacity * sizeof *counts->items);
    }
    return &counts->items[counts->count++];
}

void row_counts_add(struct row_counts *counts, const char *database, const struct pg_table *table)
{
    struct row_count *item = new_item(counts);
    *item = (struct row_count){
        .database = xstrdup(database),
        .schema = xstrdup(table->schema),
        .table = xstrdup(table->name),
        .rows = table->rows,
        .kind = table->kind,
    };
    text_copy(item->digest, sizeof item->digest, table->digest);
}

static const char *text_of(const cJSON *item, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, name));
    return text ? text : "";
}

static double number_of(const cJSON *item, const char *name)
{
    const cJSON *number = cJSON_GetObjectItemCaseSensitive(item, name);
    return cJSON_IsNumber(number) ? number->valuedouble : -1;
}

void row_counts_known(const struct step_run *run, enum rows_column column,
                      struct row_counts *counts)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, run->rows)
    {
        if ((int)number_of(item, "column") != (int)column || number_of(item, "rows") < 0)
            continue;
        struct row_count *known = new_item(counts);
        *known = (struct row_count){
            .database = xstrdup(text_of(item, "database")),
            .schema = xstrdup(text_of(item, "schema")),
            .table = xstrdup(text_of(item, "table")),
            .rows = (long long)number_of(item, "rows"),
            .kind = pg_table_kind_of(text_of(item, "kind")),
        };
        text_copy(known->digest, sizeof known->digest, text_of(item, "digest"));
    }
}

void row_counts_free(struct row_counts *counts)
{
    for (size_t i = 0; i < counts->count; i++) {
        free(counts->items[i].database);
        free(counts->items[i].schema);
        free(counts->items[i].table);
    }
    free(counts->items);
    *counts = (struct row_counts){0};
}

static int order(const struct row_count *left, const struct row_count *right)
{
    int result = strcmp(left->database, right->database);
    result = result ? result : strcmp(left->schema, right->schema);
    return result ? result : strcmp(left->table, right->table);
}

static int order_items(const void *left, const void *right)
{
    return order(left, right);
}

static void sort(struct row_counts *counts)
{
    if (counts->count)
        qsort(counts->items, counts->count, sizeof *counts->items, order_items);
}

bool row_counts_equal(const struct row_count *old, const struct row_count *new)
{
    bool digests = *old->digest && *new->digest;
    return old->rows == new->rows && (!digests || !strcmp(old->digest, new->digest));
}

bool row_counts_explained(const struct row_count *old, const struct row_count *new)
{
    if (old && new)
        return old->kind == TABLE_MATERIALISED && new->kind == TABLE_MATERIALISED;
    return old ? old->kind == TABLE_EXTENSION && old->rows == 0 : new->kind != TABLE_ORDINARY;
}

void row_counts_compare(struct row_counts *old, struct row_counts *new,
                        void (*found)(void *context, enum row_change change,
                                      const struct row_count *old, const struct row_count *new),
                        void *context)
{
    sort(old);
    sort(new);
    size_t left = 0, right = 0;
    while (left < old->count || right < new->count) {
        const struct row_count *before = left < old->count ? &old->items[left] : NULL;
        const struct row_count *after = right < new->count ? &new->items[right] : NULL;
        int sign = !before ? 1 : !after ? -1 : order(before, after);
        left += sign <= 0;
        right += sign >= 0;
        if (sign < 0)
            found(context, ROW_MISSING, before, NULL);
        else if (sign > 0)
            found(context, ROW_EXTRA, NULL, after);
        else
            found(context, row_counts_equal(before, after) ? ROW_EQUAL : ROW_DIFFERENT, before,
                  after);
    }
}

void row_count_name(struct text *text, const struct row_count *count)
{
    text_printf(text, "%s: %s.%s", count->database, count->schema, count->table);
}
