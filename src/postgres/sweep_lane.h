/* sweep_lane.h: one connection of a sweep: it measures one batch of a database's tables after the
 * other, all in the same snapshot. */
#ifndef POSTGRES_SWEEP_LANE_H
#define POSTGRES_SWEEP_LANE_H

#include "postgres/sweep.h"
#include "postgres/sweep_queue.h"

#define SWEEP_SNAPSHOT_SIZE 64

/* A source and how far it is. */
struct sweep_work {
    const struct sweep_source *source;
    struct sweep_queue queue;
    char snapshot[SWEEP_SNAPSHOT_SIZE]; /* that its lanes share, "" until one has exported it */
    int lanes;                          /* that are connected to its database */
    double measured;                    /* weight of the tables that are done */
};

struct sweep_lane {
    size_t server;                    /* index of the sweep's servers */
    bool retired;                     /* the server has no slot for it */
    struct pg_connection *connection; /* NULL while it has no work */
    struct sweep_work *work;          /* whose database it's connected to */
    struct sweep_batch batch;
    bool busy; /* an answer is awaited */
};

/* Connects to the work's database, in its snapshot. A lane must have left before. */
bool sweep_lane_join(struct sweep_lane *lane, struct sweep_work *work, struct error *error);
/* Ends connection and transaction. A statement under way is cancelled. */
void sweep_lane_leave(struct sweep_lane *lane);
/* Sends the statement for a batch of the work's queue. */
bool sweep_lane_begin(struct sweep_lane *lane, const struct sweep_batch *batch,
                      struct error *error);
/* Takes what has come, without waiting; not busy any more when the batch is done. */
bool sweep_lane_advance(struct sweep_lane *lane, table_measured *on_table, struct error *error);
/* The largest table under way. */
const struct pg_table *sweep_lane_table(const struct sweep_lane *lane);

#endif
