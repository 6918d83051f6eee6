/* follow.h: a copy that is kept equal to a server that is written to, by what that server's
 * write-ahead log says was changed: the cost goes with the changes, not with the data.
 *
 * Each round takes a new snapshot of every database of the source while the one before is still
 * held, has the source's own pg_waldump name the blocks that were written between (wal_mark.h says
 * from where on), and asks both snapshots which rows they see on these blocks. Rows that only the
 * old one sees are removed from the copy, those that only the new one sees are brought. The copy
 * must have had exactly those rows, or else the table is compared as a whole.
 *
 * The source needs wal_level replica, and a container in which pg_waldump is. It isn't written to,
 * but for one thing: each round puts one or two messages into its log (pg_logical_emit_message),
 * which nobody reads; their commit is what waits until all that was committed before is on disk,
 * and each takes one transaction number. The snapshots that are held keep vacuum from removing rows
 * that went since; no lock outlasts a table's comparison.
 *
 * Compared as a whole: tables that were emptied or written anew (TRUNCATE, VACUUM FULL, CLUSTER),
 * unlogged ones and those of another access method than heap (each time), those of which an
 * extension owns some rows; large objects when any was touched. Materialised views that were
 * refreshed are refreshed on the copy if their rows differ. A table without a key has one pass over
 * its copy for each 1,000 rows that went.
 *
 * Not followed: a changed schema, role or set of databases, and any change in a template database,
 * are errors. Temporary tables don't count. Between two servers of which neither is what the
 * backup's record is of (the way back), open compares tables and columns only: whether other
 * objects are the same is for pg.compare_objects to say.
 *
 * The counts and digests of the step's rows (the columns of step_rows) are as they were: after a
 * round those of the tables that changed are out of date. */
#ifndef STEPS_FOLLOW_FOLLOW_H
#define STEPS_FOLLOW_FOLLOW_H

#include "postgres/write_position.h"
#include "steps/server/server.h"
#include "steps/step.h"

struct follow;

/* What one round has brought over. */
struct follow_round {
    long long removed, copied; /* rows */
    size_t tables;             /* that had changes */
    unsigned long long log;    /* bytes of write-ahead log that were read */
    long took_ms;
    struct write_position position; /* of the source; all up to it is on the copy */
};

/* Whether that server, whose container runs, can be followed, as far as it can be told without
 * beginning: what its log holds, and what reads it there. Changes nothing. */
bool follow_check(const struct server_access *access, struct pg_connection *connection,
                  struct error *error);

/* Opens all that is needed later, so that nothing has to be opened while writes are refused: two
 * sessions on every database of the source and one on the copy's, made inside of their containers,
 * so that they outlive the source's leaving its networks; the reader of the log, running in the
 * source's container. Then makes the copy equal to a snapshot of the source, proven by count and
 * contents of every table, while clients go on writing; that takes as long as reading all rows
 * takes, and reports its progress. Waits up to 60 s for transactions to end that are under way. An
 * error when the source can't be followed, with nothing left behind. */
bool follow_open(struct step_run *run, const char *source, const char *copy, struct follow **follow,
                 struct error *error);

/* One more round while clients go on writing: what was committed since the last one. A part of the
 * log that is gone is made up for by comparing all tables. After an error following has to begin
 * anew; the copy is then as the last good round left it, unless a commit on it was what failed. */
bool follow_catch_up(struct follow *follow, struct follow_round *round, struct error *error);

/* The last round: the caller has ended the source's foreign sessions and keeps them, and
 * autovacuum, from writing; what is under way for more than 3 s is an error. Brings over every
 * commit up to now, and all sequences. Either all of it is on the copy, or, with an error (schema
 * changed, a part of the log gone, what can't be followed), none; sequences may have been set. It
 * may be called again, as may follow_catch_up. */
bool follow_finish(struct follow *follow, struct follow_round *round, struct error *error);

/* Whether nothing was written on the source since follow_finish; after follow_catch_up it may say
 * that something was where nothing was, never the other way round. */
bool follow_is_unmoved(struct follow *follow, bool *unmoved, struct error *error);

/* The source's session in its first database, inside of its container, for who ends sessions there;
 * stays the follow's. Never inside of one of its transactions. */
struct pg_connection *follow_source(struct follow *follow);

void follow_close(struct follow *follow); /* NULL is fine */

#endif
