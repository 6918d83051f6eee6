/* sweep.c: hands the tables of several databases and servers out to connections, and waits for all
 * of them at once. */
#include "postgres/sweep.h"

#include "postgres/slots.h"
#include "postgres/sweep_lane.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

struct sweep_server {
    const struct pg_parameters *parameters;
    bool asked; /* how many slots it has free */
};

struct sweep {
    struct sweep_work *works;
    size_t work_count;
    struct sweep_server *servers;
    size_t server_count;
    struct sweep_lane *lanes; /* those of a server stand together */
    size_t lane_count;
    table_measured *on_table;
};

static size_t server_of(const struct sweep *sweep, const struct sweep_source *source)
{
    size_t server = 0;
    while (server < sweep->server_count && sweep->servers[server].parameters != source->parameters)
        server++;
    return server;
}

static struct sweep *new_sweep(const struct sweep_source *sources, size_t count, size_t connections,
                               table_measured *on_table)
{
    struct sweep *sweep = xcalloc(1, sizeof *sweep);
    sweep->on_table = on_table;
    sweep->works = xcalloc(count + 1, sizeof *sweep->works);
    sweep->servers = xcalloc(count + 1, sizeof *sweep->servers);
    for (size_t i = 0; i < count; i++) {
        struct sweep_work *work = &sweep->works[sweep->work_count++];
        work->source = &sources[i];
        sweep_queue_begin(&work->queue, sources[i].tables);
        size_t server = server_of(sweep, &sources[i]);
        if (server == sweep->server_count)
            sweep->servers[sweep->server_count++].parameters = sources[i].parameters;
    }
    sweep->lane_count = sweep->server_count * connections;
    sweep->lanes = xcalloc(sweep->lane_count + 1, sizeof *sweep->lanes);
    for (size_t i = 0; i < sweep->lane_count; i++)
        sweep->lanes[i].server = i / connections;
    return sweep;
}

/* Where another connection helps most: the most that is left for each that works on it. */
static struct sweep_work *next_work(const struct sweep *sweep, const struct sweep_lane *lane)
{
    struct sweep_work *best = NULL;
    const struct pg_parameters *parameters = sweep->servers[lane->server].parameters;
    for (size_t i = 0; i < sweep->work_count; i++) {
        struct sweep_work *work = &sweep->works[i];
        if (work->source->parameters != parameters || sweep_queue_empty(&work->queue))
            continue;
        if (!best ||
            work->queue.untaken / (work->lanes + 1) > best->queue.untaken / (best->lanes + 1))
            best = work;
    }
    return best;
}

/* The application has to find slots while this goes on: half of those that are free are enough. */
static bool retire_some(struct sweep *sweep, const struct sweep_lane *first, struct error *error)
{
    struct sweep_server *server = &sweep->servers[first->server];
    if (server->asked)
        return true;
    long free_slots = 0, used = 1;
    if (!pg_free_slots(first->connection, &free_slots, error))
        return false;
    server->asked = true;
    for (size_t i = 0; i < sweep->lane_count; i++)
        if (sweep->lanes[i].server == first->server && &sweep->lanes[i] != first)
            sweep->lanes[i].retired = used++ > free_slots / 2;
    return true;
}

static bool others_work(const struct sweep *sweep, const struct sweep_lane *lane)
{
    for (size_t i = 0; i < sweep->lane_count; i++)
        if (&sweep->lanes[i] != lane && sweep->lanes[i].server == lane->server &&
            sweep->lanes[i].busy)
            return true;
    return false;
}

/* A server whose last slot has gone meanwhile is measured by the lanes that are there. */
static bool join(struct sweep *sweep, struct sweep_lane *lane, struct sweep_work *work,
                 struct error *error)
{
    sweep_lane_leave(lane);
    if (sweep_lane_join(lane, work, error))
        return retire_some(sweep, lane, error);
    if (lane->connection || !pg_no_slot(error) || !others_work(sweep, lane))
        return false;
    lane->retired = true;
    return true;
}

static bool give_work(struct sweep *sweep, struct sweep_lane *lane, struct error *error)
{
    struct sweep_batch batch;
    struct sweep_work *work = lane->work;
    if (!work || sweep_queue_empty(&work->queue))
        work = next_work(sweep, lane);
    if (!work) {
        sweep_lane_leave(lane);
        return true;
    }
    if (work != lane->work && !join(sweep, lane, work, error))
        return false;
    return lane->retired || !sweep_queue_take(&work->queue, work->lanes, &batch) ||
           sweep_lane_begin(lane, &batch, error);
}

static bool give_all_work(struct sweep *sweep, struct error *error)
{
    for (size_t i = 0; i < sweep->lane_count; i++)
        if (!sweep->lanes[i].busy && !sweep->lanes[i].retired &&
            !give_work(sweep, &sweep->lanes[i], error))
            return error_wrap(error, "reading the rows of all tables");
    return true;
}

struct sweep *sweep_start(const struct sweep_source *sources, size_t count, int connections,
                          table_measured *on_table, struct error *error)
{
    int number = connections <= 0                      ? SWEEP_CONNECTIONS
                 : connections > SWEEP_CONNECTIONS_MAX ? SWEEP_CONNECTIONS_MAX
                                                       : connections;
    struct sweep *sweep = new_sweep(sources, count, (size_t)number, on_table);
    if (give_all_work(sweep, error))
        return sweep;
    sweep_end(sweep);
    return NULL;
}

/* Which of the busy lanes have an answer: their `ready` is set. */
static bool wait_for_answers(const struct sweep *sweep, bool wait, bool *ready, struct error *error)
{
    struct pollfd *entries = xcalloc(sweep->lane_count + 1, sizeof *entries);
    for (size_t i = 0; i < sweep->lane_count; i++) {
        entries[i].fd = sweep->lanes[i].busy ? pg_socket(sweep->lanes[i].connection) : -1;
        entries[i].events = POLLIN;
    }
    int count = poll(entries, (nfds_t)sweep->lane_count, wait ? -1 : 0);
    bool polled = count >= 0 || errno == EINTR;
    if (!polled)
        error_errno(error, "waiting for the servers");
    for (size_t i = 0; i < sweep->lane_count; i++)
        ready[i] = count > 0 && entries[i].revents;
    free(entries);
    return polled;
}

static bool any_busy(const struct sweep *sweep)
{
    for (size_t i = 0; i < sweep->lane_count; i++)
        if (sweep->lanes[i].busy)
            return true;
    return false;
}

static bool take_answers(struct sweep *sweep, bool wait, struct error *error)
{
    bool *ready = xcalloc(sweep->lane_count + 1, sizeof *ready);
    bool taken = wait_for_answers(sweep, wait, ready, error);
    for (size_t i = 0; taken && i < sweep->lane_count; i++)
        taken = !ready[i] || sweep_lane_advance(&sweep->lanes[i], sweep->on_table, error);
    free(ready);
    return taken || error_wrap(error, "reading the rows of all tables");
}

bool sweep_advance(struct sweep *sweep, bool wait, bool *done, struct error *error)
{
    *done = !any_busy(sweep);
    if (*done)
        return true;
    if (!take_answers(sweep, wait, error) || !give_all_work(sweep, error))
        return false;
    *done = !any_busy(sweep);
    return true;
}

void sweep_end(struct sweep *sweep)
{
    if (!sweep)
        return;
    for (size_t i = 0; i < sweep->lane_count; i++)
        sweep_lane_leave(&sweep->lanes[i]);
    for (size_t i = 0; i < sweep->work_count; i++)
        sweep_queue_free(&sweep->works[i].queue);
    free(sweep->lanes);
    free(sweep->servers);
    free(sweep->works);
    free(sweep);
}

bool sweep_all(const struct sweep_source *sources, size_t count, int connections,
               table_measured *on_table, struct error *error)
{
    bool done = false, good;
    struct sweep *sweep = sweep_start(sources, count, connections, on_table, error);
    for (good = sweep != NULL; good && !done;)
        good = sweep_advance(sweep, true, &done, error);
    sweep_end(sweep);
    return good;
}

void sweep_progress(const struct sweep *sweep, double *done_pages, double *all_pages)
{
    *done_pages = *all_pages = 0;
    for (size_t i = 0; i < sweep->work_count; i++) {
        *done_pages += sweep->works[i].measured;
        *all_pages += sweep->works[i].queue.pages;
    }
}

const struct pg_table *sweep_largest(const struct sweep *sweep, const struct sweep_source **source)
{
    const struct pg_table *largest = NULL;
    for (size_t i = 0; i < sweep->lane_count; i++) {
        const struct pg_table *table = sweep_lane_table(&sweep->lanes[i]);
        if (table && (!largest || table->pages > largest->pages)) {
            largest = table;
            *source = sweep->lanes[i].work->source;
        }
    }
    return largest;
}
