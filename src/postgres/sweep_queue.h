/* sweep_queue.h: in which order a database's tables are measured: the largest first, small ones
 * several at a time. */
#ifndef POSTGRES_SWEEP_QUEUE_H
#define POSTGRES_SWEEP_QUEUE_H

#include "postgres/catalog.h"

/* How far one statement goes: this many tables, or one that has more pages than that. */
#define SWEEP_BATCH_TABLES 64
#define SWEEP_BATCH_PAGES 16384

struct sweep_queue {
    const struct pg_table_list *tables;
    size_t *order;  /* of tables->items: by pages, the largest first */
    size_t next;    /* index into order: the first that nobody has taken */
    double pages;   /* of all tables */
    double untaken; /* of those from next on */
};

/* A part of sweep_queue.order. */
struct sweep_batch {
    size_t first, end;
};

/* What a table counts for in progress and order: its pages, and one for the asking. */
double sweep_weight(const struct pg_table *table);

/* Free in any case. */
void sweep_queue_begin(struct sweep_queue *queue, const struct pg_table_list *tables);
void sweep_queue_free(struct sweep_queue *queue);
bool sweep_queue_empty(const struct sweep_queue *queue);
/* The next batch for one of `lanes` connections that share the queue: towards its end they grow
 * smaller, so that all come to their end together. False when nothing is left. */
bool sweep_queue_take(struct sweep_queue *queue, int lanes, struct sweep_batch *batch);

#endif
