/* load_queue.c: the order of loading, from what the dump's entries need.
 *
 * What is done at once can't deadlock: a statement locks its own tables, which no other one does at
 * the same time in a way that excludes it, and beyond them only those that they are partitions of,
 * for reading; none that has locked such a one waits for a partition of it. */
#include "steps/restore/load_queue.h"

#include "postgres/dump_alone.h"
#include "steps/restore/load_cost.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COPY_END " FROM stdin;\n"
#define SMALL 1048576 /* bytes of rows of which builds may be begun before others' rows */

/* Beside each entry of the table of contents. */
struct place {
    struct load_item item; /* entry NULL: not in the queue */
    size_t *wanted_by;     /* places of builds that wait for this one */
    size_t wanted;
    size_t missing; /* how many it waits for itself */
    size_t table;   /* place of the table that it locks, or its own */
    size_t other;   /* of the other one that a foreign key locks; `table` without one */
    size_t rows;    /* of a table: place of its rows; its own when there are none */
    size_t building;
    bool locked; /* by one that lets no other build */
    bool has_data;
    bool begun, finished;
    double urgency; /* of rows: the cost of all that comes after them, and their own */
};

struct load_queue {
    const struct toc *toc;
    struct place *places;
    size_t *builds; /* that may be begun */
    size_t build_count;
    size_t *rows;     /* that are dumped, the most urgent first */
    size_t row_count; /* begun by the list: those before `row_next` */
    size_t row_next;
    size_t left;
    size_t undumped; /* rows */
    double rest;     /* what is left, by cost */
};

static bool is(const struct toc_entry *entry, const char *kind)
{
    return !strcmp(entry->kind, kind);
}

static struct place *place_of(const struct load_queue *queue, const struct toc_entry *entry)
{
    return &queue->places[entry - queue->toc->items];
}

static size_t index_of(const struct load_queue *queue, const struct toc_entry *entry)
{
    return (size_t)(entry - queue->toc->items);
}

static void add(size_t **list, size_t *count, size_t number)
{
    if (!(*count & (*count - 1))) /* full at every power of two */
        *list = xrealloc(*list, (*count ? 2 * *count : 1) * sizeof **list);
    (*list)[(*count)++] = number;
}

/* The first table, but for `before`, that the entry needs and the dump makes; NULL without one. */
static const struct toc_entry *table_but(const struct load_queue *queue,
                                         const struct toc_entry *entry,
                                         const struct toc_entry *before)
{
    for (size_t i = 0; i < entry->needed; i++) {
        const struct toc_entry *need = toc_find(queue->toc, entry->needs[i]);
        if (need && need != before && (is(need, "TABLE") || is(need, "MATERIALIZED VIEW")))
            return need;
    }
    return NULL;
}

/* The table whose rows or index these are. */
static const struct toc_entry *table_of(const struct load_queue *queue,
                                        const struct toc_entry *entry)
{
    return table_but(queue, entry, NULL);
}

static void enter(struct load_queue *queue, const struct toc_entry *entry, enum load_kind kind,
                  const struct toc_entry *table)
{
    struct place *place = place_of(queue, entry);
    place->item = (struct load_item){.entry = entry, .kind = kind};
    if (kind == LOAD_BUILD) {
        place->item.share = load_cost_of_build(entry, table);
        place->item.parallel = load_build_is_parallel(entry);
        place->item.foreign_key = load_build_is_foreign_key(entry);
    }
    if (kind == LOAD_ROWS)
        place->item.share = load_cost_of_rows();
    queue->undumped += kind == LOAD_ROWS;
    place->table = place->other = index_of(queue, table ? table : entry);
    queue->left++;
}

/* Rows that go through a partitioned table's root have a definition which says so; an extension's
 * table has rows of the extension's own. */
static void enter_rows(struct load_queue *queue, const struct toc_entry *entry)
{
    const struct toc_entry *table = table_of(queue, entry);
    if (!table || !is(table, "TABLE"))
        return;
    struct place *of_table = place_of(queue, table);
    of_table->has_data = true;
    if (!*entry->file || *entry->definition || !text_ends(entry->copy, COPY_END))
        return;
    of_table->rows = index_of(queue, entry);
    enter(queue, entry, LOAD_ROWS, table);
}

/* Whether all that it needs is there before the data, or in the queue before it. */
static bool can_wait(const struct load_queue *queue, const struct toc_entry *entry)
{
    for (size_t i = 0; i < entry->needed; i++) {
        const struct toc_entry *need = toc_find(queue->toc, entry->needs[i]);
        if (!need || need->section == TOC_PRE_DATA)
            continue;
        if (need >= entry || !place_of(queue, need)->item.entry)
            return false;
    }
    return true;
}

static void wait_for(struct load_queue *queue, struct place *waiting, size_t number)
{
    struct place *place = &queue->places[number];
    if (!place->item.entry || &place->item == &waiting->item)
        return;
    add(&place->wanted_by, &place->wanted, (size_t)(waiting - queue->places));
    waiting->missing++;
}

/* Whether all rows that it will ever have come by the queue. */
static bool is_loaded_here(const struct load_queue *queue, const struct toc_entry *table)
{
    const struct place *place = place_of(queue, table);
    return place->has_data && queue->places[place->rows].item.entry;
}

static void enter_waiting(struct load_queue *queue, const struct toc_entry *entry,
                          const struct toc_entry *table, const struct toc_entry *other)
{
    enter(queue, entry, LOAD_BUILD, table);
    struct place *place = place_of(queue, entry);
    place->other = index_of(queue, other);
    wait_for(queue, place, place_of(queue, table)->rows);
    if (other != table)
        wait_for(queue, place, place_of(queue, other)->rows);
    for (size_t i = 0; i < entry->needed; i++) {
        const struct toc_entry *need = toc_find(queue->toc, entry->needs[i]);
        if (need && need->section != TOC_PRE_DATA)
            wait_for(queue, place, index_of(queue, need));
    }
    if (!place->missing)
        add(&queue->builds, &queue->build_count, index_of(queue, entry));
}

static void enter_build(struct load_queue *queue, const struct toc_entry *entry)
{
    const struct toc_entry *table = table_of(queue, entry);
    if (table && can_wait(queue, entry) &&
        (!place_of(queue, table)->has_data || is_loaded_here(queue, table)))
        enter_waiting(queue, entry, table, table);
}

/* One of a partitioned table, which has no rows of its own, locks its partitions too: that one is
 * left to pg_restore. */
static void enter_foreign_key(struct load_queue *queue, const struct toc_entry *entry)
{
    const struct toc_entry *table = table_of(queue, entry);
    const struct toc_entry *other = table ? table_but(queue, entry, table) : NULL;
    if (!other) /* it refers to its own table */
        other = table;
    if (table && can_wait(queue, entry) && is_loaded_here(queue, table) &&
        is_loaded_here(queue, other))
        enter_waiting(queue, entry, table, other);
}

static void enter_statement(struct load_queue *queue, const struct toc_entry *entry)
{
    enter(queue, entry, LOAD_STATEMENT, NULL);
    add(&queue->builds, &queue->build_count, index_of(queue, entry));
}

static const struct {
    const char *kind;
    enum toc_section section;
    void (*enter)(struct load_queue *queue, const struct toc_entry *entry);
} kinds[] = {
    {"TABLE DATA", TOC_DATA, enter_rows},
    {"SEQUENCE SET", TOC_DATA, enter_statement},
    {"INDEX", TOC_POST_DATA, enter_build},
    {"CONSTRAINT", TOC_POST_DATA, enter_build},
    {"FK CONSTRAINT", TOC_POST_DATA, enter_foreign_key},
};

struct load_queue *load_queue_new(const struct toc *toc)
{
    struct load_queue *queue = xcalloc(1, sizeof *queue);
    queue->toc = toc;
    queue->places = xcalloc(toc->count + 1, sizeof *queue->places);
    for (size_t i = 0; i < toc->count; i++)
        queue->places[i].rows = i;
    for (size_t i = 0; i < toc->count; i++)
        for (size_t kind = 0; kind < sizeof kinds / sizeof kinds[0]; kind++)
            if (toc->items[i].section == kinds[kind].section &&
                is(&toc->items[i], kinds[kind].kind))
                kinds[kind].enter(queue, &toc->items[i]);
    return queue;
}

void load_queue_free(struct load_queue *queue)
{
    if (!queue)
        return;
    for (size_t i = 0; i < queue->toc->count; i++)
        free(queue->places[i].wanted_by);
    free(queue->places);
    free(queue->builds);
    free(queue->rows);
    free(queue);
}

static struct place *rows_at(const struct load_queue *queue, int id)
{
    const struct toc_entry *entry = toc_find(queue->toc, id);
    struct place *place = entry ? place_of(queue, entry) : NULL;
    return place && place->item.entry && place->item.kind == LOAD_ROWS ? place : NULL;
}

static double cost(const struct load_item *item)
{
    return item->bytes * item->share;
}

static void set_bytes(struct load_queue *queue, struct load_item *item, double bytes)
{
    queue->rest -= cost(item);
    item->bytes = bytes;
    queue->rest += cost(item);
}

/* Among those that aren't begun. */
static void add_rows(struct load_queue *queue, size_t number)
{
    add(&queue->rows, &queue->row_count, number);
    size_t at = queue->row_count - 1;
    for (; at > queue->row_next &&
           queue->places[queue->rows[at - 1]].urgency < queue->places[number].urgency;
         at--)
        queue->rows[at] = queue->rows[at - 1];
    queue->rows[at] = number;
}

void load_queue_dumped(struct load_queue *queue, int id, double bytes)
{
    struct place *place = rows_at(queue, id);
    if (!place || place->item.dumped)
        return;
    place->item.dumped = true;
    queue->undumped--;
    set_bytes(queue, &place->item, bytes);
    for (size_t i = 0; i < place->wanted; i++) {
        struct load_item *build = &queue->places[place->wanted_by[i]].item;
        if (bytes > build->bytes)
            set_bytes(queue, build, bytes);
        place->urgency += build->foreign_key ? 0 : cost(build);
    }
    place->urgency += cost(&place->item);
    if (!place->begun)
        add_rows(queue, (size_t)(place - queue->places));
}

static bool goes_before(const struct load_item *left, const struct load_item *right)
{
    if (left->parallel != right->parallel)
        return left->parallel;
    return cost(left) > cost(right) || (cost(left) == cost(right) && left->entry < right->entry);
}

/* A constraint takes its tables for itself; indexes may be built side by side. */
static bool may_lock_table(const struct load_queue *queue, const struct place *place, size_t number)
{
    const struct place *table = &queue->places[number];
    return !table->locked && (!table->building || is(place->item.entry, "INDEX"));
}

static bool may_lock(const struct load_queue *queue, const struct place *place)
{
    return place->item.kind != LOAD_BUILD || (may_lock_table(queue, place, place->table) &&
                                              may_lock_table(queue, place, place->other));
}

/* `by` is 1 when it begins, -1 when it is done. */
static void lock(struct load_queue *queue, const struct place *place, int by)
{
    const size_t numbers[] = {place->table, place->other};
    size_t count = place->other == place->table ? 1 : 2;
    for (size_t i = 0; place->item.kind == LOAD_BUILD && i < count; i++) {
        struct place *table = &queue->places[numbers[i]];
        table->building += (size_t)by;
        table->locked = by > 0 && !is(place->item.entry, "INDEX");
    }
}

static struct load_item *begin_build(struct load_queue *queue, size_t which)
{
    struct place *place = &queue->places[queue->builds[which]];
    queue->builds[which] = queue->builds[--queue->build_count];
    place->begun = true;
    lock(queue, place, 1);
    return &place->item;
}

/* *which: in the list of builds; false when none may be begun now. */
static bool best_build(const struct load_queue *queue, bool foreign_keys, size_t *which)
{
    const struct load_item *best = NULL;
    for (size_t i = 0; i < queue->build_count; i++) {
        const struct place *place = &queue->places[queue->builds[i]];
        if (place->item.foreign_key != foreign_keys || !may_lock(queue, place) ||
            (best && !goes_before(&place->item, best)))
            continue;
        best = &place->item;
        *which = i;
    }
    return best != NULL;
}

static struct place *best_rows(struct load_queue *queue)
{
    while (queue->row_next < queue->row_count) {
        struct place *place = &queue->places[queue->rows[queue->row_next]];
        if (!place->begun)
            return place;
        queue->row_next++; /* it was followed */
    }
    return NULL;
}

struct load_item *load_queue_next(struct load_queue *queue)
{
    size_t which = 0;
    struct place *rows = best_rows(queue);
    if (best_build(queue, false, &which)) {
        const struct load_item *build = &queue->places[queue->builds[which]].item;
        if (!rows || build->parallel || build->bytes <= SMALL || cost(build) >= rows->urgency)
            return begin_build(queue, which);
    }
    if (rows) {
        rows->begun = true;
        return &rows->item;
    }
    return best_build(queue, true, &which) ? begin_build(queue, which) : NULL;
}

struct load_item *load_queue_follow(struct load_queue *queue, int id)
{
    struct place *place = rows_at(queue, id);
    if (!place || place->begun)
        return NULL;
    place->begun = true;
    return &place->item;
}

void load_queue_finished(struct load_queue *queue, const struct load_item *item)
{
    struct place *place = place_of(queue, item->entry);
    place->finished = true;
    queue->left--;
    queue->rest -= cost(item);
    lock(queue, place, -1);
    for (size_t i = 0; i < place->wanted; i++) {
        struct load_item *build = &queue->places[place->wanted_by[i]].item;
        if (item->kind == LOAD_ROWS && item->rows > build->rows)
            build->rows = item->rows;
        if (--queue->places[place->wanted_by[i]].missing == 0)
            add(&queue->builds, &queue->build_count, place->wanted_by[i]);
    }
}

size_t load_queue_left(const struct load_queue *queue)
{
    return queue->left;
}

double load_queue_others(const struct load_queue *queue, const struct load_item *item)
{
    if (queue->undumped)
        return INFINITY;
    return cost(item) > 0 ? (queue->rest - cost(item)) / cost(item) : queue->left > 1;
}

size_t load_queue_rest(const struct load_queue *queue, struct restore_lists *rest, bool *files)
{
    bool *alone = toc_alone(queue->toc);
    size_t count = 0;
    *files = false;
    for (size_t i = 0; i < queue->toc->count; i++) {
        const struct toc_entry *entry = &queue->toc->items[i];
        if (entry->section == TOC_PRE_DATA || queue->places[i].item.entry)
            continue;
        restore_lists_add(rest, entry, alone && alone[i]);
        *files = *files || *entry->file;
        count++;
    }
    free(alone);
    return count;
}
