/* engine_create.c: the first event of a run: its plan, as every client will see it. */
#include "engine/engine_parts.h"
#include "engine/surroundings.h"

#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

static void add_value(struct text *line, const cJSON *value);

static void add_list(struct text *line, const cJSON *list)
{
    const cJSON *item;
    text_add(line, cJSON_IsArray(list) ? "[" : "{");
    cJSON_ArrayForEach(item, list)
    {
        if (item != list->child)
            text_add(line, ", ");
        if (cJSON_IsObject(list))
            text_printf(line, "%s: ", item->string);
        add_value(line, item);
    }
    text_add(line, cJSON_IsArray(list) ? "]" : "}");
}

static void add_value(struct text *line, const cJSON *value)
{
    if (cJSON_IsString(value))
        text_add(line, value->valuestring);
    else
        add_list(line, value);
}

/* An invocation's arguments in one line, secrets masked. */
static char *arguments_line(const struct runbook *runbook, const struct invocation *invocation)
{
    struct error ignored = ERROR_INIT; /* what only facts can fill is shown as it stands */
    cJSON *expanded = runbook_expand(runbook, invocation->arguments, NULL, EXPAND_MASKED, &ignored);
    const cJSON *arguments = expanded ? expanded : invocation->arguments, *item;
    struct text line = {0};
    cJSON_ArrayForEach(item, arguments)
    {
        text_printf(&line, "%s%s: ", line.length ? ", " : "", item->string);
        add_value(&line, item);
    }
    cJSON_Delete(expanded);
    return text_take(&line);
}

static cJSON *step_object(const struct runbook *runbook, const struct step *step)
{
    cJSON *object = cJSON_CreateObject();
    char *detail = arguments_line(runbook, &step->invocation);
    cJSON_AddStringToObject(object, "id", step->id);
    cJSON_AddStringToObject(object, "title", step->title);
    if (step->why)
        cJSON_AddStringToObject(object, "why", step->why);
    cJSON_AddStringToObject(object, "action", step->invocation.action->name);
    cJSON_AddStringToObject(object, "detail", detail);
    cJSON_AddNumberToObject(object, "danger", step->danger);
    cJSON_AddNumberToObject(object, "database", step->database);
    cJSON_AddBoolToObject(object, "gate", step->gate != NULL);
    cJSON_AddBoolToObject(object, "undo", step->undo_count > 0);
    cJSON_AddBoolToObject(object, "hold", step->hold != NULL);
    cJSON_AddBoolToObject(object, "price", step->price != NULL);
    cJSON_AddBoolToObject(object, "lossless", step->lossless);
    cJSON_AddBoolToObject(object, "save", step->save != NULL);
    cJSON_AddBoolToObject(object, "fence", step->fence != NULL);
    cJSON_AddBoolToObject(object, "point_of_no_return", step->point_of_no_return);
    cJSON_AddNumberToObject(object, "planned_ms", (double)step->planned_ms);
    free(detail);
    return object;
}

static cJSON *phase_list(const struct runbook *runbook)
{
    cJSON *phases = cJSON_CreateArray();
    for (size_t i = 0; i < runbook->phase_count; i++) {
        const struct phase *phase = &runbook->phases[i];
        if (!runbook_has_phase(runbook, phase))
            continue;
        cJSON *object = cJSON_CreateObject(), *steps = cJSON_CreateArray();
        cJSON_AddStringToObject(object, "id", phase->id);
        cJSON_AddStringToObject(object, "title", phase->title);
        for (size_t j = 0; j < phase->step_count; j++)
            cJSON_AddItemToArray(steps, step_object(runbook, &phase->steps[j]));
        cJSON_AddItemToObject(object, "steps", steps);
        cJSON_AddItemToArray(phases, object);
    }
    return phases;
}

/* Secrets stay out but for whether there was one; a resumed run looks them up again. */
static cJSON *variable_object(const struct runbook *runbook)
{
    cJSON *variables = cJSON_CreateObject();
    for (size_t i = 0; i < runbook->variable_count; i++) {
        const struct variable *variable = &runbook->variables[i];
        const char *value = variable->value ? variable->value : "";
        cJSON_AddStringToObject(variables, variable->name,
                                variable->secret && *value ? "***" : value);
    }
    return variables;
}

static void add_environments(cJSON *event, const struct runbook *runbook)
{
    if (!runbook->environment_count)
        return;
    cJSON *names = cJSON_AddArrayToObject(event, "environments");
    for (size_t i = 0; i < runbook->environment_count; i++)
        cJSON_AddItemToArray(names, cJSON_CreateString(runbook->environments[i].name));
    if (runbook->environment)
        cJSON_AddStringToObject(event, "environment", runbook->environment->name);
}

cJSON *engine_created_event(const struct runbook *runbook, const char *run, const char *stack)
{
    const struct passwd *user = getpwuid(getuid());
    char host[256] = "";
    gethostname(host, sizeof host - 1);
    bool for_all = runbook->entered && !runbook->environment; /* see watchers_start */
    cJSON *event = engine_event("run_created");
    cJSON_AddStringToObject(event, "run", run);
    cJSON_AddStringToObject(event, "name", runbook->name);
    cJSON_AddStringToObject(event, "title", runbook->title ? runbook->title : runbook->name);
    cJSON_AddStringToObject(event, "stack", stack);
    cJSON_AddStringToObject(event, "operator", user ? user->pw_name : "?");
    cJSON_AddStringToObject(event, "host", host);
    surroundings_record(event);
    add_environments(event, runbook);
    cJSON_AddStringToObject(event, "path", runbook->path);
    cJSON_AddStringToObject(event, "sha256", runbook->sha256);
    cJSON_AddItemToObject(event, "variables", variable_object(runbook));
    cJSON_AddItemToObject(event, "phases", phase_list(runbook));
    cJSON_AddBoolToObject(event, "watched", runbook->watch_service && !for_all);
    return event;
}
