/* row_places.h: where in a table's file the rows are that a session's snapshot sees, on given
 * blocks only; and which of them two snapshots don't have in common. */
#ifndef POSTGRES_ROW_PLACES_H
#define POSTGRES_ROW_PLACES_H

#include "postgres/table_shape.h"
#include "postgres/touched_blocks.h"

/* Ascending. Zero-initialised is empty. */
struct row_places {
    uint64_t *items; /* block times 65536, and the line pointer */
    size_t count, capacity;
};

/* What a snapshot saw and a later one doesn't, and the other way round: an updated row is in both,
 * with its old place and its new one. Free in any case. */
struct row_changes {
    struct row_places removed, added;
    bool overflow; /* more than ROW_CHANGES_MAX: the lists aren't whole */
};
#define ROW_CHANGES_MAX ((size_t)1 << 20)

/* A session in a transaction with one snapshot. */
struct row_reader {
    struct pg_connection *connection;
    bool *prepared;   /* whether it knows the statement for this table already; set */
    size_t statement; /* the statement's number, the table's own */
};

/* `before` has held its snapshot since before `after` took its own. As long as it does, no place of
 * a row that it sees is used for another one: so the same place in both is the same row, and
 * nothing else has to be compared. Both are asked at once. Source: PostgreSQL manual, "Heap-Only
 * Tuples (HOT)", "Routine Vacuuming" (what an open snapshot sees isn't removed). */
bool row_changes_find(const struct row_reader *before, const struct row_reader *after,
                      const struct table_shape *shape, const struct touched_file *file,
                      struct row_changes *changes, struct error *error);
void row_changes_free(struct row_changes *changes);

/* Appends "t.ctid = ANY ('{...}')" for the places from `first` on, at most ROW_PLACES_BATCH. */
#define ROW_PLACES_BATCH ((size_t)1000)
void row_places_add_condition(const struct row_places *places, size_t first, struct text *sql);

/* "(17,3)": false when it isn't a place. */
bool row_place_read(const char *text, uint64_t *place);

#endif
