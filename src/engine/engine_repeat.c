/* engine_repeat.c: a way back that fails while something is held: what holds is let go all the
 * same, and the rest is tried again until it succeeds. */
#include "engine/engine_parts.h"

#include "base/clock.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#define FIRST_PAUSE_MS 2000L
#define LONGEST_PAUSE_MS 60000L
#define LAST_ATTEMPTS 10

static long pause_before(int attempt)
{
    long pause = FIRST_PAUSE_MS;
    for (int i = 0; i < attempt && pause < LONGEST_PAUSE_MS; i++)
        pause *= 2;
    return pause < LONGEST_PAUSE_MS ? pause : LONGEST_PAUSE_MS;
}

static void stand_still(struct engine *engine, const char *path)
{
    const struct run_state *state = engine->state;
    cJSON *event = engine_step_event("rollback_failed", path);
    engine->failed_undo = NULL;
    if (state->release.step || run_state_holds(state)) {
        long pause = pause_before(engine->repeated++);
        cJSON_AddNumberToObject(event, "again_ms", (double)pause);
        engine->retry_ms = clock_monotonic_ms() + pause;
    }
    engine_emit(engine, event);
}

void repeat_after_failure(struct engine *engine, const char *path)
{
    const struct run_state *state = engine->state;
    if (run_state_holds(state) && !text_equal(state->hold.step, path))
        engine->failed_undo = engine_step(engine, path)->path;
    else
        stand_still(engine, path);
}

const struct step *repeat_holding_step(struct engine *engine)
{
    const struct run_state *state = engine->state;
    if (run_state_holds(state))
        return engine_step(engine, state->hold.step);
    stand_still(engine, engine->failed_undo);
    return NULL;
}

void repeat_now(struct engine *engine)
{
    engine_emit(engine, engine_event("undo_repeated"));
}

void repeat_forget(struct engine *engine)
{
    engine->failed_undo = NULL;
    engine->repeated = 0;
    engine->retry_ms = 0;
}

static void leave_out(void *context, const cJSON *message)
{
    (void)context, (void)message; /* there is no record that it could go to */
}

static void wait_for(struct worker *worker)
{
    bool runs = true;
    while (runs) {
        struct pollfd item = {.fd = worker->reports, .events = POLLIN};
        if (poll(&item, 1, 1000) > 0)
            runs = worker_read(worker, leave_out, NULL);
        worker_tick(worker);
    }
    worker_reap(worker);
}

static bool undo_unrecorded(struct engine *engine, struct step_state *seen)
{
    const struct step *step = engine_step(engine, seen->path);
    struct step_job job = {.engine = engine,
                           .step = step,
                           .invocations = step->undo,
                           .count = step->undo_count,
                           .undoing = true};
    struct worker worker;
    struct error error = ERROR_INIT;
    if (!worker_start(&worker, engine->directory, engine_run_step, &job, &error)) {
        fprintf(stderr, "pgrunbook: undoing %s: %s\n", step->path, error.message);
        return false;
    }
    long limit = engine_undo_limit(engine, step);
    worker.deadline_ms = limit ? clock_monotonic_ms() + limit : 0;
    wait_for(&worker);
    bool undone = worker.ok;
    fprintf(stderr, "pgrunbook: undoing %s: %s\n", step->path,
            undone           ? "done, without a record of it"
            : worker.message ? worker.message
                             : "failed");
    if (undone)
        seen->status = STEP_UNDONE;
    worker_clear(&worker);
    return undone;
}

/* Newest first; where one fails, at least what holds is let go. */
static bool let_go_unrecorded(struct engine *engine, long holding)
{
    struct run_state *state = engine->state;
    bool done = true;
    for (long i = (long)state->step_count; done && --i > holding;)
        if (run_state_to_undo(state, i))
            done = undo_unrecorded(engine, &state->steps[i]);
    if (run_state_to_undo(state, holding) && !undo_unrecorded(engine, &state->steps[holding]))
        done = false;
    return done;
}

void repeat_last_act(struct engine *engine)
{
    struct run_state *state = engine->state;
    long holding = state ? run_state_step(state, state->hold.step) : -1;
    if (!engine->broken || holding < 0 || engine->reached_on_disk || run_state_finished(state))
        return;
    for (int i = 0; i < LAST_ATTEMPTS && !let_go_unrecorded(engine, holding); i++)
        clock_sleep_ms(pause_before(i));
}
