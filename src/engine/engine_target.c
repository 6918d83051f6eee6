/* engine_target.c: the lock on what a run works on: by the name that its Docker engine gives
 * itself, and by its address until that answers. */
#include "engine/engine_parts.h"

#include "base/json.h"
#include "steps/where.h"

#include <stdlib.h>
#include <string.h>

static const char *run_of(const struct engine *engine)
{
    return strrchr(engine->directory, '/') + 1;
}

/* The phases for all have no target of their own: each environment holds its. */
static bool has_target(const struct engine *engine)
{
    return !engine->runbook->environment_count || engine->runbook->environment;
}

bool target_take(struct engine *engine, const char *stack, struct error *error)
{
    if (!has_target(engine) ||
        (run_is_there(engine->directory) && run_is_finished(engine->directory)))
        return true;
    char *target = where_target_named(stack);
    engine->target_unnamed = !target;
    if (!target)
        target = where_target_addressed(stack);
    bool taken = lock_target(target, run_of(engine), &engine->target_lock, error);
    free(target);
    return taken;
}

void target_release(struct engine *engine)
{
    lock_release(&engine->target_lock);
    lock_release(&engine->named_lock);
}

/* Only tried here, for what is wrong; the engine, which outlives this process, holds it. */
static bool may_take(const struct engine *engine, const char *target, struct error *error)
{
    struct lock lock = {-1};
    bool may = lock_target(target, run_of(engine), &lock, error);
    lock_release(&lock);
    return may;
}

bool target_claim(const struct engine *engine, const struct worker_pipe *pipe, struct error *error)
{
    if (!engine->target_unnamed)
        return true;
    char *stack = runbook_stack_name(engine->runbook, error);
    char *target = stack ? where_target_named(stack) : NULL;
    bool claimed = stack && (!target || may_take(engine, target, error));
    if (claimed && target) {
        cJSON *message = engine_event("target");
        cJSON_AddStringToObject(message, "target", target);
        worker_send(pipe, message);
        claimed = worker_await(pipe) ||
                  error_set(error, ERROR_LOCKED, "another run has just taken %s", target);
    }
    free(target);
    free(stack);
    return claimed;
}

void target_keep(struct engine *engine, const cJSON *message)
{
    struct error ignored = ERROR_INIT; /* the step finds the same words by itself */
    bool taken =
        lock_target(json_text(message, "target"), run_of(engine), &engine->named_lock, &ignored);
    if (taken)
        engine->target_unnamed = false;
    worker_answer(&engine->worker, taken);
}
