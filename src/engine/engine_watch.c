/* engine_watch.c: keeps the watchers running, tells them how closely to look, takes their messages.
 */
#include "engine/engine_parts.h"

#include "base/clock.h"
#include "steps/watch/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RESTART_MS 3000

/* What a watcher may say; outages are for the record, the rest is only for the screen. */
static const struct {
    const char *type;
    bool live;
} message_rows[] = {
    {"container", true},     {"service", true},       {"writes", true},
    {"outage_began", false}, {"outage_ended", false},
};

static const char *running_step(const struct run_state *state)
{
    return state->current >= 0 ? state->steps[state->current].path : NULL;
}

static void take_message(void *context, const cJSON *message)
{
    struct engine *engine = context;
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(message, "type"));
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(message, "name"));
    for (size_t i = 0; i < sizeof message_rows / sizeof message_rows[0]; i++) {
        if (strcmp(message_rows[i].type, type) != 0)
            continue;
        cJSON *event = cJSON_Duplicate(message, true);
        if (message_rows[i].live) {
            char *key = xprintf("%s %s", type, name ? name : "");
            engine_emit_live(engine, event, key);
            free(key);
        } else {
            const char *step = running_step(engine->state);
            if (step)
                cJSON_AddStringToObject(event, "step", step);
            engine_emit(engine, event);
        }
    }
}

struct watch_job {
    const struct engine *engine;
    const struct watch *watch;
};

static void report(void *context, cJSON *message)
{
    worker_send(context, message);
}

static void be_watcher(void *context, const struct worker_pipe *pipe)
{
    const struct watch_job *job = context;
    struct worker_pipe own = *pipe;
    struct step_run run = {.runbook = job->engine->runbook,
                           .path = job->watch->name,
                           .facts = job->engine->state->facts,
                           .directory = job->engine->directory,
                           .report = report,
                           .context = &own};
    job->watch->run(&run, pipe->commands);
}

static void start_watcher(struct engine *engine, struct watcher *watcher, const struct watch *watch)
{
    struct watch_job job = {.engine = engine, .watch = watch};
    struct error error = ERROR_INIT;
    if (worker_start(&watcher->worker, engine->directory, be_watcher, &job, &error))
        return;
    fprintf(stderr, "pgrunbook: watching %s: %s\n", watch->name, error.message);
    watcher->restart_ms = clock_monotonic_ms() + RESTART_MS;
}

void watchers_start(struct engine *engine)
{
    bool for_all = engine->runbook->entered && !engine->runbook->environment;
    if (run_state_finished(engine->state) || for_all) /* each environment watches its own */
        return;
    for (size_t i = 0; i < WATCHERS_MAX && watches[i].name; i++) {
        struct watcher *watcher = &engine->watchers[i];
        if (watcher->worker.process || !watches[i].wanted(engine->runbook) ||
            clock_monotonic_ms() < watcher->restart_ms)
            continue;
        start_watcher(engine, watcher, &watches[i]);
    }
    watchers_steer(engine);
}

/* An outage can begin while a step runs that expects one, and while such a step is undone; what it
 * began is watched to its end. */
static bool outage_expected(const struct run_state *state)
{
    if (state->service.known && !state->service.up)
        return true;
    if (state->current < 0 || run_state_finished(state))
        return false;
    enum step_status status = state->steps[state->current].status;
    return (status == STEP_RUNNING || status == STEP_UNDOING) &&
           (state->steps[state->current].database == UNAVAILABLE ||
            state->steps[state->current].database == INTERRUPTED);
}

void watchers_steer(struct engine *engine)
{
    const char *mode = outage_expected(engine->state) ? "fast\n" : "slow\n";
    for (size_t i = 0; i < WATCHERS_MAX; i++) {
        struct watcher *watcher = &engine->watchers[i];
        if (!watcher->worker.process || text_equal(watcher->mode, mode))
            continue;
        if (write(watcher->worker.commands, mode, strlen(mode)) != (ssize_t)strlen(mode))
            continue; /* its pipe is full or it has ended: told at the next turn */
        free(watcher->mode);
        watcher->mode = xstrdup(mode);
    }
}

static void forget(struct watcher *watcher)
{
    worker_reap(&watcher->worker);
    worker_clear(&watcher->worker);
    free(watcher->mode);
    watcher->mode = NULL;
    watcher->restart_ms = clock_monotonic_ms() + RESTART_MS;
}

void watchers_ready(struct engine *engine, size_t index)
{
    struct watcher *watcher = &engine->watchers[index];
    if (!worker_read(&watcher->worker, take_message, engine))
        forget(watcher);
    watchers_steer(engine);
}

void watchers_stop(struct engine *engine)
{
    for (size_t i = 0; i < WATCHERS_MAX; i++) {
        struct watcher *watcher = &engine->watchers[i];
        if (!watcher->worker.process)
            continue;
        worker_end(&watcher->worker, "the run has ended");
        forget(watcher);
    }
}
