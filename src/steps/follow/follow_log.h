/* follow_log.h: reads a server's write-ahead log with the server's own pg_waldump, inside of its
 * container, by one command that stays. */
#ifndef STEPS_FOLLOW_FOLLOW_LOG_H
#define STEPS_FOLLOW_FOLLOW_LOG_H

#include "postgres/touched_blocks.h"
#include "steps/server/server.h"

struct follow_log;

/* Whether the server's container, which runs, has what is needed for it. */
bool follow_log_check(const struct server_access *access, struct error *error);

/* `connection` tells where the log is; it isn't kept. NULL on failure. */
struct follow_log *follow_log_open(const struct server_access *access,
                                   struct pg_connection *connection, struct error *error);
/* Adds the blocks of all records from `start` on that end at `end` or before, which must have been
 * flushed; sorted. False when a part of the log is gone, or the reader is: it has to be opened anew
 * then, and `blocks` isn't whole. */
bool follow_log_read(struct follow_log *log, uint64_t start, uint64_t end,
                     struct touched_blocks *blocks, struct error *error);
void follow_log_close(struct follow_log *log); /* NULL is fine */

#endif
