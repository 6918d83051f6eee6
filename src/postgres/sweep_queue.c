/* sweep_queue.c: tables by size, handed out in batches. */
#include "postgres/sweep_queue.h"

#include <stdlib.h>

/* Fewer tables, or pages, aren't worth a statement. */
#define SHARE_TABLES ((size_t)4)
#define SHARE_PAGES 64

double sweep_weight(const struct pg_table *table)
{
    return (double)table->pages + 1;
}

static int order_by_size(const void *left, const void *right, void *context)
{
    const struct pg_table *items = context;
    size_t a = *(const size_t *)left, b = *(const size_t *)right;
    if (items[a].pages != items[b].pages)
        return items[a].pages < items[b].pages ? 1 : -1;
    return a < b ? -1 : a > b;
}

void sweep_queue_begin(struct sweep_queue *queue, const struct pg_table_list *tables)
{
    *queue = (struct sweep_queue){.tables = tables};
    queue->order = xcalloc(tables->count ? tables->count : 1, sizeof *queue->order);
    for (size_t i = 0; i < tables->count; i++) {
        queue->order[i] = i;
        queue->pages += sweep_weight(&tables->items[i]);
    }
    queue->untaken = queue->pages;
    qsort_r(queue->order, tables->count, sizeof *queue->order, order_by_size, tables->items);
}

void sweep_queue_free(struct sweep_queue *queue)
{
    free(queue->order);
    *queue = (struct sweep_queue){0};
}

bool sweep_queue_empty(const struct sweep_queue *queue)
{
    return queue->next == queue->tables->count;
}

static size_t most_tables(const struct sweep_queue *queue, int lanes)
{
    size_t share = (queue->tables->count - queue->next) / ((size_t)lanes * 2);
    size_t most = share < SHARE_TABLES ? SHARE_TABLES : share;
    return most < SWEEP_BATCH_TABLES ? most : SWEEP_BATCH_TABLES;
}

static double most_pages(const struct sweep_queue *queue, int lanes)
{
    double share = queue->untaken / (lanes * 2);
    double most = share < SHARE_PAGES ? SHARE_PAGES : share;
    return most < SWEEP_BATCH_PAGES ? most : SWEEP_BATCH_PAGES;
}

bool sweep_queue_take(struct sweep_queue *queue, int lanes, struct sweep_batch *batch)
{
    if (sweep_queue_empty(queue))
        return false;
    size_t most = most_tables(queue, lanes);
    double limit = most_pages(queue, lanes), pages = 0;
    batch->first = batch->end = queue->next;
    while (batch->end < queue->tables->count && batch->end - batch->first < most) {
        pages += sweep_weight(&queue->tables->items[queue->order[batch->end]]);
        if (pages > limit && batch->end > batch->first)
            break;
        queue->untaken -= sweep_weight(&queue->tables->items[queue->order[batch->end]]);
        batch->end++;
    }
    queue->next = batch->end;
    return true;
}
