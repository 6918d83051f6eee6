/* follow.h: a copy that is kept equal to a server that is written to, by what that server's
 * write-ahead log says was changed: the cost goes with the changes, not with the data. */
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

/* Opens all that is needed later, so that nothing has to be opened while writes are refused:
 * sessions on every database of both servers, made inside of their containers, so that they outlive
 * the source's leaving its networks; the reader of the log, running in the source's container. Then
 * makes the copy equal to a snapshot of the source, proven by count and contents of every table,
 * while clients go on writing; that takes as long as reading all rows takes, and reports its
 * progress. An error when the source can't be followed, with nothing left behind. */
bool follow_open(struct step_run *run, const char *source, const char *copy, struct follow **follow,
                 struct error *error);

/* One more round while clients go on writing: what was committed since the last one. */
bool follow_catch_up(struct follow *follow, struct follow_round *round, struct error *error);

/* The last round: the caller has ended the source's foreign sessions and keeps them from writing.
 * Brings over every commit up to now, and all sequences. Either all of it is on the copy, or, with
 * an error (schema changed, or what can't be followed), none. */
bool follow_finish(struct follow *follow, struct follow_round *round, struct error *error);

/* Whether nothing was written on the source since the last round. */
bool follow_is_unmoved(struct follow *follow, bool *unmoved, struct error *error);

/* The source's session in its first database, inside of its container, for who ends sessions there;
 * stays the follow's. Never inside of one of its transactions. */
struct pg_connection *follow_source(struct follow *follow);

void follow_close(struct follow *follow); /* NULL is fine */

#endif
