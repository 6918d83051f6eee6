/* environment.c: a runbook made the one of one of its environments. */
#include "runbook/environment.h"

#include "runbook/fault.h"
#include "runbook/references.h"
#include "runbook/variables.h"

#include <stdlib.h>
#include <string.h>

const struct environment *runbook_environment(const struct runbook *runbook, const char *name)
{
    for (size_t i = 0; name && i < runbook->environment_count; i++)
        if (!strcmp(runbook->environments[i].name, name))
            return &runbook->environments[i];
    return NULL;
}

const char *runbook_scope(const struct runbook *runbook, const struct phase *phase)
{
    if (!runbook->environment_count)
        return "";
    return phase->scope == PHASE_ALL ? " (once for all)" : " (for each environment)";
}

char *environment_names(const struct runbook *runbook)
{
    struct text names = {0};
    for (size_t i = 0; i < runbook->environment_count; i++)
        text_printf(&names, "%s%s", i ? ", " : "", runbook->environments[i].name);
    return text_take(&names);
}

bool runbook_has_phase(const struct runbook *runbook, const struct phase *phase)
{
    return !runbook->entered || (phase->scope == PHASE_EACH) == (runbook->environment != NULL);
}

static bool unknown_environment(const struct runbook *runbook, const char *name,
                                struct error *error)
{
    struct text_list names = {0};
    for (size_t i = 0; i < runbook->environment_count; i++)
        text_list_add(&names, runbook->environments[i].name);
    char *message = unknown_name("the runbook has no environment", name, &names);
    error_set(error, ERROR_USAGE, "%s", message);
    free(message);
    text_list_free(&names);
    return false;
}

bool runbook_enter(struct runbook *runbook, const char *environment, struct error *error)
{
    const struct environment *found = runbook_environment(runbook, environment);
    if (environment && !found)
        return unknown_environment(runbook, environment, error);
    if (!runbook->environment_count)
        return true;
    runbook->entered = true;
    runbook->environment = found;
    for (size_t i = 0; i < runbook->environment_count; i++)
        if (found == &runbook->environments[i])
            variables_swap(runbook, &runbook->environments[i]);
    return runbook_set(runbook, ENVIRONMENT_VARIABLE, found ? found->name : ENVIRONMENT_ALL, error);
}

const char *runbook_bare_name(const char *name)
{
    const char *colon = strchr(name, ':');
    return colon ? colon + 1 : name;
}

bool environment_takes(const struct runbook *runbook, const char *name, bool *takes,
                       struct error *error)
{
    const char *colon = strchr(name, ':');
    *takes = true;
    if (!colon || !runbook->environment_count)
        return true;
    char *prefix = xstrndup(name, (size_t)(colon - name));
    const struct environment *environment = runbook_environment(runbook, prefix);
    *takes = environment && environment == runbook->environment;
    bool known = environment || unknown_environment(runbook, prefix, error);
    free(prefix);
    return known;
}

static bool sets(const struct environment *environment, const char *name)
{
    for (size_t i = 0; i < environment->set_count; i++)
        if (!strcmp(environment->set[i].name, name))
            return true;
    return false;
}

bool environment_decides(const struct runbook *runbook, const char *name)
{
    for (size_t i = 0; i < runbook->environment_count && !runbook->entered; i++)
        if (sets(&runbook->environments[i], name))
            return true;
    return false;
}

bool runbook_may_set(const struct runbook *runbook, const char *name, struct error *error)
{
    const char *bare = runbook_bare_name(name);
    if (runbook->environment_count && text_equal(bare, ENVIRONMENT_VARIABLE))
        return error_set(error, ERROR_USAGE, "%s is the environment's name and can't be set", name);
    for (size_t i = 0; bare == name && i < runbook->environment_count; i++) {
        const struct environment *environment = &runbook->environments[i];
        if (!sets(environment, name))
            continue;
        error_set(error, ERROR_USAGE,
                  "the environment %s has a value of its own for %s: say which one is meant",
                  environment->name, name);
        return error_remedy(error, "write %s:%s instead of %s", environment->name, name, name);
    }
    return true;
}

/* Whether a text, or one of a tree of texts, refers to the variable. */
static bool mentions(const char *text, const char *name)
{
    struct reference reference = reference_next(text ? text : "");
    for (; reference.kind != REFERENCE_NONE;
         reference = reference_next(reference.start + reference.length))
        if (reference.kind == REFERENCE_VARIABLE && !strcmp(reference.name, name))
            return true;
    return false;
}

static bool tree_mentions(const cJSON *tree, const char *name)
{
    if (cJSON_IsString(tree))
        return mentions(tree->valuestring, name);
    const cJSON *item;
    cJSON_ArrayForEach(item, tree) if (tree_mentions(item, name)) return true;
    return false;
}

/* Also by way of the servers that its arguments name. */
static bool invocation_needs(const struct runbook *runbook, const struct invocation *invocation,
                             const char *name)
{
    if (!invocation)
        return false;
    if (tree_mentions(invocation->arguments, name))
        return true;
    const struct argument *row = invocation->action->arguments;
    for (; row && row->name; row++) {
        const char *value = cJSON_GetStringValue(
            cJSON_GetObjectItemCaseSensitive(invocation->arguments, row->name));
        const struct server *server =
            row->type == ARGUMENT_SERVER && value ? runbook_server(runbook, value) : NULL;
        if (server && tree_mentions(server->settings, name))
            return true;
    }
    return false;
}

static bool step_needs(const struct runbook *runbook, const struct step *step, const char *name)
{
    const struct invocation *others[] = {&step->invocation, step->price, step->save, step->fence,
                                         step->unfence};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (invocation_needs(runbook, others[i], name))
            return true;
    for (size_t i = 0; i < step->undo_count; i++)
        if (invocation_needs(runbook, &step->undo[i], name))
            return true;
    return mentions(step->when, name) || (step->gate && (mentions(step->gate->phrase, name) ||
                                                         mentions(step->gate->question, name)));
}

bool environment_needs(const struct runbook *runbook, const char *name)
{
    if (!runbook->entered || runbook->environment)
        return true;
    for (size_t i = 0; i < runbook->phase_count; i++)
        for (size_t j = 0; j < runbook->phases[i].step_count; j++)
            if (runbook_has_phase(runbook, &runbook->phases[i]) &&
                step_needs(runbook, &runbook->phases[i].steps[j], name))
                return true;
    return false;
}
