/* row_order.c: sorts the tables, and with them their databases. */
#include "ui/panels/row_order.h"

#include <stdlib.h>
#include <string.h>

struct ranked {
    size_t index;
    long long rank;  /* the larger, the earlier */
    long long group; /* that of its database */
    size_t first;    /* index of its database's first table: databases don't mix */
};

static long long rows_of(const struct table_rows *table)
{
    long long most = 0;
    for (size_t i = 0; i < 3; i++)
        most = table->rows[i] > most ? table->rows[i] : most;
    return most;
}

static long long rank_of(const struct run_state *state, const struct table_rows *table,
                         enum row_order order)
{
    if (order == ORDER_SIZE)
        return rows_of(table);
    if (order != ORDER_DIFFERING)
        return 0;
    enum rows_match match = run_state_match(state, table);
    if (rows_match_is_bad(match))
        return 2;
    if (match == ROWS_COMPUTED || match == ROWS_OF_VERSION)
        return 1;
    return run_state_written(state, table).any ? 1 : 0;
}

static int compare(const void *left, const void *right)
{
    const struct ranked *a = left, *b = right;
    if (a->group != b->group)
        return a->group > b->group ? -1 : 1;
    if (a->first != b->first)
        return a->first < b->first ? -1 : 1;
    if (a->rank != b->rank)
        return a->rank > b->rank ? -1 : 1;
    return a->index < b->index ? -1 : 1;
}

/* Tables of one database stand together in the state. A database is as large as all of its tables,
 * and as different as the most different one. */
static void rank_group(struct ranked *ranked, size_t first, size_t end, enum row_order order)
{
    long long sum = 0, most = 0;
    for (size_t i = first; i < end; i++) {
        sum += ranked[i].rank;
        most = ranked[i].rank > most ? ranked[i].rank : most;
    }
    for (size_t i = first; i < end; i++) {
        ranked[i].first = first;
        ranked[i].group = order == ORDER_SIZE ? sum : most;
    }
}

size_t *row_order_make(const struct run_state *state, enum row_order order)
{
    size_t count = state->table_count, first = 0;
    struct ranked *ranked = xcalloc(count + 1, sizeof *ranked);
    size_t *indexes = xcalloc(count + 1, sizeof *indexes);
    for (size_t i = 0; i < count; i++)
        ranked[i] = (struct ranked){.index = i, .rank = rank_of(state, &state->tables[i], order)};
    for (size_t i = 1; i <= count; i++) {
        if (i < count && !strcmp(state->tables[i].database, state->tables[first].database))
            continue;
        rank_group(ranked, first, i, order);
        first = i;
    }
    qsort(ranked, count, sizeof *ranked, compare);
    for (size_t i = 0; i < count; i++)
        indexes[i] = ranked[i].index;
    free(ranked);
    return indexes;
}
