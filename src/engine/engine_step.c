/* engine_step.c: what a worker process does: one step's action, or its undo, from top to bottom. */
#include "engine/engine_parts.h"

#include "base/text.h"
#include "steps/step.h"

#include <stdio.h>
#include <stdlib.h>

const struct step *engine_step(const struct engine *engine, const char *path)
{
    return runbook_step(engine->runbook, path);
}

/* What the reports go through. */
struct reporting {
    struct worker_pipe pipe;
    cJSON *fresh; /* the facts among them */
};

static void put_fact(cJSON *facts, const char *key, cJSON *value)
{
    cJSON_DeleteItemFromObjectCaseSensitive(facts, key);
    cJSON_AddItemToObject(facts, key, value);
}

static void report(void *context, cJSON *message)
{
    struct reporting *reporting = context;
    const char *key = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(message, "key"));
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(message, "value");
    if (key && value)
        put_fact(reporting->fresh, key, cJSON_Duplicate(value, true));
    worker_send(&reporting->pipe, message);
}

/* Of several actions, each knows the facts of those before it. */
static void learn(cJSON *facts, cJSON *fresh)
{
    while (fresh->child) {
        char *key = xstrdup(fresh->child->string);
        put_fact(facts, key, cJSON_DetachItemViaPointer(fresh, fresh->child));
        free(key);
    }
}

static bool kept(void *context)
{
    return worker_await(&((struct reporting *)context)->pipe);
}

/* The row counts seen so far, for the actions that compare with them. */
static cJSON *rows_of(const struct run_state *state)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < state->table_count; i++) {
        const struct table_rows *table = &state->tables[i];
        for (int column = 0; column < ROWS_COLUMNS; column++) {
            if (table->rows[column] < 0)
                continue;
            cJSON *row = cJSON_CreateObject();
            cJSON_AddNumberToObject(row, "column", column);
            cJSON_AddStringToObject(row, "database", table->database);
            cJSON_AddStringToObject(row, "schema", table->schema);
            cJSON_AddStringToObject(row, "table", table->table);
            cJSON_AddNumberToObject(row, "rows", (double)table->rows[column]);
            if (table->digest[column])
                cJSON_AddStringToObject(row, "digest", table->digest[column]);
            if (table->kind[column])
                cJSON_AddStringToObject(row, "kind", table->kind[column]);
            cJSON_AddItemToArray(list, row);
        }
    }
    return list;
}

static bool invoke(struct step_run *run, const struct invocation *invocation, struct error *error)
{
    cJSON *arguments =
        runbook_expand_arguments(run->runbook, invocation, run->facts,
                                 run->undoing ? EXPAND_UNDOING : EXPAND_WITH_SECRETS, error);
    if (!arguments)
        return error_wrap(error, "%s", invocation->action->name);
    run->arguments = arguments;
    bool done = invocation->action->run(run, error);
    cJSON_Delete(arguments);
    run->arguments = NULL;
    return done;
}

static void send_finished(const struct worker_pipe *pipe, bool ok, const struct error *error)
{
    cJSON *message = engine_event("finished");
    cJSON_AddBoolToObject(message, "ok", ok);
    if (!ok) {
        cJSON_AddStringToObject(message, "message", error->message);
        cJSON_AddStringToObject(message, "remedy", error->remedy);
    }
    worker_send(pipe, message);
}

void engine_run_step(void *context, const struct worker_pipe *pipe)
{
    const struct step_job *job = context;
    struct reporting reporting = {*pipe, cJSON_CreateObject()};
    cJSON *facts = cJSON_Duplicate(job->engine->state->facts, true);
    cJSON *rows = rows_of(job->engine->state);
    long index = run_state_step(job->engine->state, job->step->path);
    const struct step_state none = {0};
    const struct step_state *seen = index >= 0 ? &job->engine->state->steps[index] : &none;
    struct step_run run = {.runbook = job->engine->runbook,
                           .path = job->step->path,
                           .retried = job->undoing ? seen->back_again : seen->retried,
                           .again = !job->undoing && seen->again,
                           .undoing = job->undoing,
                           .loss_accepted = job->undoing && job->engine->state->loss_accepted,
                           .facts = facts,
                           .rows = rows,
                           .directory = job->engine->directory,
                           .report = report,
                           .kept = kept,
                           .context = &reporting};
    struct error error = ERROR_INIT;
    bool done = !job->claims || target_claim(job->engine, pipe, &error);
    for (size_t i = 0; done && i < job->count; i++) {
        done = invoke(&run, &job->invocations[i], &error);
        learn(facts, reporting.fresh);
    }
    send_finished(pipe, done, &error);
    cJSON_Delete(rows);
    cJSON_Delete(facts);
    cJSON_Delete(reporting.fresh);
}
