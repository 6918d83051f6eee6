/* engine_loop.c: one poll() over clients, workers and time. */
#include "engine/engine_parts.h"

#include "base/clock.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define LINGER_MS 2000

static volatile sig_atomic_t stop_asked;

static void ask_stop(int number)
{
    (void)number;
    stop_asked = 1;
}

static void engine_signals(void)
{
    struct sigaction stop = {.sa_handler = ask_stop};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGHUP, &ignore, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
}

static int64_t sooner(int64_t left, int64_t right)
{
    return !left || (right && right < left) ? right : left;
}

/* Milliseconds until something is due; -1: nothing is. */
static int wait_time(const struct engine *engine)
{
    int64_t next = sooner(worker_next_ms(&engine->worker), engine->retry_ms);
    next = sooner(next, engine->linger_ms);
    for (size_t i = 0; i < WATCHERS_MAX; i++) {
        const struct watcher *watcher = &engine->watchers[i];
        if (!watcher->worker.process && !engine->linger_ms)
            next = sooner(next, watcher->restart_ms);
    }
    int64_t now = clock_monotonic_ms(), deadline = engine->state->gate.deadline_ms;
    if (deadline)
        next = sooner(next, now + (deadline - clock_wall_ms()));
    if (!next)
        return -1;
    int64_t left = next - now;
    return left < 0 ? 0 : left > 60000 ? 60000 : (int)left;
}

struct polls {
    struct pollfd items[CLIENTS_MAX + 1 + 1 + WATCHERS_MAX];
    size_t clients;
    size_t count;
};

static void fill_polls(const struct engine *engine, struct polls *polls)
{
    polls->clients = clients_poll(&engine->clients, polls->items);
    polls->count = polls->clients;
    polls->items[polls->count++] = (struct pollfd){
        .fd = engine->worker.process ? engine->worker.reports : -1, .events = POLLIN};
    for (size_t i = 0; i < WATCHERS_MAX; i++) {
        const struct worker *worker = &engine->watchers[i].worker;
        polls->items[polls->count++] =
            (struct pollfd){.fd = worker->process ? worker->reports : -1, .events = POLLIN};
    }
}

static void check_gate_deadline(struct engine *engine)
{
    int64_t deadline = engine->state->gate.deadline_ms;
    if (engine->state->status == RUN_AT_GATE && deadline && clock_wall_ms() >= deadline)
        gate_answer(engine, "timeout", NULL);
}

static void serve(struct engine *engine, const struct polls *polls)
{
    if (polls->items[polls->clients].revents)
        engine_worker_ready(engine);
    for (size_t i = 0; i < WATCHERS_MAX; i++)
        if (polls->items[polls->clients + 1 + i].revents)
            watchers_ready(engine, i);
    clients_serve(&engine->clients, polls->items, polls->clients, engine_command, engine);
    worker_tick(&engine->worker);
    check_gate_deadline(engine);
}

/* A finished run's engine stays for those who look at it, and for a moment for who is about to. */
static bool over(struct engine *engine)
{
    int64_t now = clock_monotonic_ms();
    if (!run_state_finished(engine->state))
        return false;
    if (!engine->linger_ms)
        lock_release(&engine->target_lock);
    if (!engine->linger_ms || clients_count(&engine->clients))
        engine->linger_ms = now + LINGER_MS;
    return now >= engine->linger_ms;
}

bool engine_loop(struct engine *engine)
{
    struct polls polls;
    engine_signals();
    while (!stop_asked && !engine->broken) {
        watchers_start(engine);
        engine_schedule(engine);
        if (!engine_sync(engine) || over(engine))
            break;
        fill_polls(engine, &polls);
        int ready = poll(polls.items, (nfds_t)polls.count, wait_time(engine));
        if (ready < 0 && errno != EINTR)
            break;
        if (ready < 0)
            continue;
        serve(engine, &polls);
    }
    if (engine->broken)
        fprintf(stderr, "pgrunbook: the engine stops: %s\n", engine->failure.message);
    return !engine->broken;
}
