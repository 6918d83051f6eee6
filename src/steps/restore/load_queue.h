/* load_queue.h: what of a dump may be loaded next, while it is still being written. */
#ifndef STEPS_RESTORE_LOAD_QUEUE_H
#define STEPS_RESTORE_LOAD_QUEUE_H

#include "base/text.h"
#include "postgres/dump_toc.h"
#include "steps/restore/restore_list.h"

enum load_kind {
    LOAD_ROWS,      /* of a table that the dump itself makes, and that is empty therefore */
    LOAD_BUILD,     /* an index, a constraint with one, or a foreign key */
    LOAD_STATEMENT, /* a sequence's position */
};

struct load_item {
    const struct toc_entry *entry;
    enum load_kind kind;
    bool dumped;                /* of rows: their file is complete */
    double bytes;               /* of that file; of a build: of its tables' largest */
    double rows;                /* how many they are, as whoever has loaded them says; 0 before */
    double share;               /* how long it takes for a byte: see load_cost.h */
    bool parallel, foreign_key; /* builds: see load_cost.h */
};

struct load_queue;

/* `toc` has to stay. Everything before its data is on the server already. */
struct load_queue *load_queue_new(const struct toc *toc);
void load_queue_free(struct load_queue *queue);

/* The file of that entry's rows is complete. Entries that aren't in the queue are fine. */
void load_queue_dumped(struct load_queue *queue, int id, double bytes);

/* What is best begun now, NULL when nothing can be: builds that use several cores; then what
 * takes longest, of rows together with what is built of them, but sequences and builds of small
 * tables before rows; then foreign keys, which keep others from their tables and are checked by the
 * indexes. Two builds that lock each other out are never begun at once. Stays the queue's. */
struct load_item *load_queue_next(struct load_queue *queue);
/* Rows that are still being dumped, to be followed; NULL when that entry isn't in the queue or was
 * begun already. */
struct load_item *load_queue_follow(struct load_queue *queue, int id);
void load_queue_finished(struct load_queue *queue, const struct load_item *item);

/* How many aren't finished; those under way count. */
size_t load_queue_left(const struct load_queue *queue);
/* About how long all that isn't finished takes but for that one, where that one takes 1; infinite
 * as long as rows are still being dumped. */
double load_queue_others(const struct load_queue *queue, const struct load_item *item);

/* What the queue leaves to pg_restore, of the data and of what comes after it; into empty lists,
 * which the caller frees. *files: some of it is in files. Returns how many. */
size_t load_queue_rest(const struct load_queue *queue, struct restore_lists *rest, bool *files);

#endif
