/* wal_mark.h: from where on the write-ahead log has to be read so that nothing is missed that a
 * snapshot didn't see.
 *
 * What lies between two snapshots S and S' is what those transactions did that S' sees and S
 * doesn't. Such a transaction may have been under way when S was taken, so its first records can be
 * older than S. But each of its records is younger than its own number. So: read the log's position
 * first, then take a transaction number of one's own; that is a mark. Whoever has a higher number
 * got it after the position was read, and all that it ever writes stands behind the position. S
 * sees (or knows to be taken back) all that ended before its oldest running transaction, its xmin;
 * what it doesn't see has at least that number. So every mark whose number is lower than S's xmin
 * has a position from which on all is there that S doesn't see; the youngest such mark is the best
 * one. Savepoints change nothing: their numbers are higher than their transaction's. A transaction
 * that stays open holds xmin back, so that an older mark is taken and more is read; nothing is
 * missed. Source: PostgreSQL manual, "Transactions and Identifiers", "Snapshots"
 * (pg_snapshot_xmin: all lower numbers are either committed and visible, or rolled back and dead).
 */
#ifndef POSTGRES_WAL_MARK_H
#define POSTGRES_WAL_MARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "16/B374D848" as a number. False when it isn't one. */
bool wal_position_read(const char *text, uint64_t *position);
#define WAL_POSITION_SIZE 20
const char *wal_position_text(char *buffer, size_t size, uint64_t position);

struct wal_mark {
    uint64_t position;    /* read before the number was taken */
    uint64_t transaction; /* its number, with the epoch */
};

#define WAL_MARKS_MAX 64
/* Ascending. Zero-initialised is empty. */
struct wal_marks {
    struct wal_mark items[WAL_MARKS_MAX];
    size_t count;
};

/* When there are too many, every other one goes, never the oldest. */
void wal_marks_add(struct wal_marks *marks, struct wal_mark mark);
/* For a snapshot with this xmin; older marks are forgotten, as no later snapshot's xmin is lower.
 * False when no mark is old enough. */
bool wal_marks_start(struct wal_marks *marks, uint64_t xmin, uint64_t *position);

#endif
