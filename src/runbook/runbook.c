/* runbook.c: finding parts of a loaded runbook by name, and freeing it. */
#include "runbook/runbook.h"

#include "runbook/load.h"

#include <stdlib.h>
#include <string.h>

const struct variable *runbook_variable(const struct runbook *runbook, const char *name)
{
    for (size_t i = 0; i < runbook->variable_count; i++)
        if (!strcmp(runbook->variables[i].name, name))
            return &runbook->variables[i];
    return NULL;
}

const struct server *runbook_server(const struct runbook *runbook, const char *name)
{
    for (size_t i = 0; i < runbook->server_count; i++)
        if (!strcmp(runbook->servers[i].name, name))
            return &runbook->servers[i];
    return NULL;
}

const struct step *runbook_step(const struct runbook *runbook, const char *path)
{
    for (size_t i = 0; i < runbook->phase_count; i++) {
        const struct phase *phase = &runbook->phases[i];
        for (size_t j = 0; j < phase->step_count; j++)
            if (!strcmp(phase->steps[j].path, path) || !strcmp(phase->steps[j].id, path))
                return &phase->steps[j];
    }
    return NULL;
}

static void variable_free(struct variable *variable)
{
    for (size_t i = 0; i < variable->source_count; i++) {
        free(variable->sources[i].server);
        free(variable->sources[i].name);
    }
    free(variable->sources);
    text_list_free(&variable->one_of);
    free(variable->name);
    free(variable->about);
    free(variable->fallback);
    free(variable->value);
}

static void environment_free(struct environment *environment)
{
    for (size_t i = 0; i < environment->set_count; i++)
        variable_free(&environment->set[i]);
    for (size_t i = 0; i < environment->require_count; i++)
        free(environment->require[i].environment);
    free(environment->set);
    free(environment->require);
    free(environment->name);
    free(environment->about);
    free(environment->docker_host);
    free(environment->docker_context);
    free(environment->docker_certificates);
}

static void invocation_drop(struct invocation *invocation)
{
    if (invocation)
        invocation_free(invocation);
    free(invocation);
}

static void step_free(struct step *step)
{
    invocation_free(&step->invocation);
    for (size_t i = 0; i < step->undo_count; i++)
        invocation_free(&step->undo[i]);
    free(step->undo);
    if (step->hold)
        free(step->hold->until);
    free(step->hold);
    invocation_drop(step->price);
    invocation_drop(step->save);
    invocation_drop(step->fence);
    invocation_drop(step->unfence);
    if (step->gate) {
        text_list_free(&step->gate->require);
        free(step->gate->phrase);
        free(step->gate->question);
        free(step->gate->offer);
        free(step->gate);
    }
    free(step->id);
    free(step->path);
    free(step->title);
    free(step->why);
    free(step->when);
    free(step->retry_from);
}

static void phase_free(struct phase *phase)
{
    for (size_t i = 0; i < phase->step_count; i++)
        step_free(&phase->steps[i]);
    free(phase->steps);
    free(phase->id);
    free(phase->title);
}

void runbook_free(struct runbook *runbook)
{
    if (!runbook)
        return;
    for (size_t i = 0; i < runbook->variable_count; i++)
        variable_free(&runbook->variables[i]);
    for (size_t i = 0; i < runbook->server_count; i++) {
        free(runbook->servers[i].name);
        cJSON_Delete(runbook->servers[i].settings);
    }
    for (size_t i = 0; i < runbook->phase_count; i++)
        phase_free(&runbook->phases[i]);
    for (size_t i = 0; i < runbook->environment_count; i++)
        environment_free(&runbook->environments[i]);
    free(runbook->environments);
    free(runbook->variables);
    free(runbook->servers);
    free(runbook->phases);
    text_list_free(&runbook->watch_containers);
    text_free(&runbook->source);
    free(runbook->watch_service);
    free(runbook->path);
    free(runbook->name);
    free(runbook->title);
    free(runbook->about);
    free(runbook->stack);
    free(runbook);
}
