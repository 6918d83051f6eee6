/* engine_loop.c: one poll() over clients, workers and time. */
#include "engine/engine_parts.h"

#include "base/clock.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define LINGER_MS 2000

#define STOP_MS 20000 /* so long letting go may take once the engine is told to end */

static volatile sig_atomic_t stop_asked;

static void ask_stop(int number)
{
    (void)number;
    stop_asked = 1;
}

/* Signals come only while the engine waits (`waiting` is its mask then): none is missed in
 * between. */
static void engine_signals(sigset_t *waiting)
{
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigaddset(&blocked, SIGINT);
    sigprocmask(SIG_BLOCK, &blocked, waiting);
    struct sigaction stop = {.sa_handler = ask_stop};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGHUP, &ignore, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
    sigaction(SIGXFSZ, &ignore, NULL); /* a file that may not grow is an error like a full disk */
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
    next = sooner(next, engine->decision_ms);
    if (engine->state->status == RUN_WAITING)
        next = sooner(next, engine->turn_ms);
    next = sooner(next, engine->stop_ms);
    next = sooner(next, worker_next_ms(&engine->counter));
    if (engine->state->price.fenced && !engine->counter.process)
        next = sooner(next, engine->unfence_ms);
    for (size_t i = 0; i < WATCHERS_MAX; i++) {
        const struct watcher *watcher = &engine->watchers[i];
        if (!watcher->worker.process && !engine->linger_ms)
            next = sooner(next, watcher->restart_ms);
    }
    bool at_gate = engine->state->status == RUN_AT_GATE;
    int64_t now = clock_monotonic_ms(), deadline = at_gate ? engine->state->gate.deadline_ms : 0;
    deadline = sooner(deadline, hold_deadline(engine));
    if (deadline)
        next = sooner(next, now + (deadline - clock_wall_ms()));
    if (!next)
        return -1;
    int64_t left = next - now;
    return left < 0 ? 0 : left > 60000 ? 60000 : (int)left;
}

struct polls {
    struct pollfd items[CLIENTS_MAX + 1 + 2 + WATCHERS_MAX];
    size_t clients;
    size_t count;
};

static struct pollfd poll_of(const struct worker *worker)
{
    return (struct pollfd){.fd = worker->process ? worker->reports : -1, .events = POLLIN};
}

static void fill_polls(const struct engine *engine, struct polls *polls)
{
    polls->clients = clients_poll(&engine->clients, polls->items);
    polls->count = polls->clients;
    polls->items[polls->count++] = poll_of(&engine->worker);
    polls->items[polls->count++] = poll_of(&engine->counter);
    for (size_t i = 0; i < WATCHERS_MAX; i++)
        polls->items[polls->count++] = poll_of(&engine->watchers[i].worker);
}

static void check_gate_deadline(struct engine *engine)
{
    int64_t deadline = engine->state->gate.deadline_ms;
    if (engine->state->status == RUN_AT_GATE && deadline && clock_wall_ms() >= deadline)
        gate_answer(engine, "timeout", NULL);
}

/* It didn't come: the run goes on as if it had been started without. */
static void check_decision(struct engine *engine)
{
    if (clock_monotonic_ms() >= engine->decision_ms)
        engine->decision_ms = 0;
}

static void serve(struct engine *engine, const struct polls *polls)
{
    if (polls->items[polls->clients].revents)
        engine_worker_ready(engine);
    if (polls->items[polls->clients + 1].revents)
        price_ready(engine);
    for (size_t i = 0; i < WATCHERS_MAX; i++)
        if (polls->items[polls->clients + 2 + i].revents)
            watchers_ready(engine, i);
    clients_serve(&engine->clients, polls->items, polls->clients, engine_command, engine);
    worker_tick(&engine->worker);
    worker_tick(&engine->counter);
    check_gate_deadline(engine);
    check_decision(engine);
    hold_check_limit(engine);
}

/* A finished run's engine stays for those who look at it, and for a moment for who is about to. */
static bool over(struct engine *engine)
{
    int64_t now = clock_monotonic_ms();
    if (!run_state_finished(engine->state))
        return false;
    if (!engine->linger_ms)
        target_release(engine);
    if (!engine->linger_ms || clients_count(&engine->clients))
        engine->linger_ms = now + LINGER_MS;
    return now >= engine->linger_ms;
}

/* What is held is let go first, when that is quickly done; else the next start does it. */
static bool may_stop(struct engine *engine)
{
    if (!stop_asked)
        return false;
    if (!engine->stop_ms) {
        engine->stop_ms = clock_monotonic_ms() + STOP_MS;
        hold_let_go(engine, "the engine was told to end");
        price_forget_asked(engine);
        if (run_state_price_pending(engine->state))
            worker_end(&engine->counter, "the engine was told to end");
    }
    hold_check_stop(engine);
    const struct run_state *state = engine->state;
    bool fenced = state->price.fenced && state->status != RUN_ROLLING_BACK;
    return (state->status != RUN_RELEASING && !fenced) || clock_monotonic_ms() >= engine->stop_ms;
}

bool engine_loop(struct engine *engine)
{
    struct polls polls;
    sigset_t waiting;
    engine_signals(&waiting);
    while (!engine->broken && !may_stop(engine)) {
        watchers_start(engine);
        fence_settle(engine);
        engine_schedule(engine);
        if (!engine_sync(engine) || over(engine))
            break;
        fill_polls(engine, &polls);
        int wait = wait_time(engine);
        struct timespec limit = {wait / 1000, wait % 1000 * 1000000L};
        int ready = ppoll(polls.items, (nfds_t)polls.count, wait < 0 ? NULL : &limit, &waiting);
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
