/* load_lanes.h: several connections at once that load one database from a dump's directory, while
 * that may still be written. */
#ifndef STEPS_RESTORE_LOAD_LANES_H
#define STEPS_RESTORE_LOAD_LANES_H

#include "postgres/connection.h"
#include "steps/restore/load_queue.h"

struct load_lanes;

struct load_lanes_setting {
    const struct pg_parameters *parameters; /* of the database */
    const struct toc *toc;
    struct load_queue *queue;
    const char *directory; /* of the dump's files on this machine */
    const char *options;   /* session settings as PGOPTIONS has them: "-c name=value -c ..." */
    long count;            /* of connections */
};

/* Opens the connections. The setting and what it points to have to stay. NULL on failure. */
struct load_lanes *load_lanes_open(const struct load_lanes_setting *setting, struct error *error);

/* Begins what can be begun, and lets what is under way go on; waits until something has come or
 * gone, `file` can be read, or `timeout_ms` has passed. */
bool load_lanes_turn(struct load_lanes *lanes, int file, int timeout_ms, struct error *error);
/* Whether every connection is idle, and nothing of the queue can be begun at this time. */
bool load_lanes_idle(const struct load_lanes *lanes);

/* Ends them; a statement under way is ended by its connection's end. NULL is fine. */
void load_lanes_close(struct load_lanes *lanes);

#endif
