/* arguments.c: an action's arguments with their values filled in, and what is wrong with them. */
#include "runbook/arguments.h"

#include "runbook/fault.h"
#include "runbook/references.h"
#include "runbook/values.h"

#include <stdlib.h>
#include <string.h>

const struct argument *argument_find(const struct action *action, const char *name)
{
    for (const struct argument *row = action->arguments; row && row->name; row++)
        if (!strcmp(row->name, name))
            return row;
    return NULL;
}

struct position argument_position(const struct invocation *invocation, const char *name)
{
    for (size_t i = 0; i < invocation->place_count; i++)
        if (!strcmp(invocation->places[i].name, name))
            return invocation->places[i].position;
    return invocation->position;
}

bool argument_is_collection(const struct argument *argument)
{
    return argument->type == ARGUMENT_LIST || argument->type == ARGUMENT_MAP ||
           argument->type == ARGUMENT_TREE || argument->type == ARGUMENT_FACTS;
}

/* The argument's complaint about its expanded value; NULL when there is none. What isn't known yet
 * (an open variable, a fact) can't be judged. */
static char *complaint(const struct runbook *runbook, const struct argument *argument,
                       const cJSON *raw, const cJSON *expanded, bool facts_known)
{
    if (argument_is_collection(argument) || !cJSON_IsString(expanded))
        return NULL;
    enum reference_content content = reference_tree_content(runbook, raw);
    if (content == CONTENT_OPEN && !facts_known)
        return NULL;
    return value_complaint(argument, runbook, expanded->valuestring, content == CONTENT_KNOWN);
}

/* Absent arguments get their fallback; an empty text of a typed argument means absent. */
static void add_fallbacks(const struct action *action, cJSON *arguments)
{
    for (const struct argument *row = action->arguments; row && row->name; row++) {
        cJSON *given = cJSON_GetObjectItemCaseSensitive(arguments, row->name);
        bool empty = cJSON_IsString(given) && !*given->valuestring;
        if (empty && row->type != ARGUMENT_TEXT)
            cJSON_DeleteItemFromObjectCaseSensitive(arguments, row->name);
        if (!row->fallback || (given && !(empty && row->type != ARGUMENT_TEXT)))
            continue;
        cJSON *text = cJSON_CreateString(row->fallback);
        if (row->type == ARGUMENT_LIST) {
            cJSON *list = cJSON_CreateArray();
            cJSON_AddItemToArray(list, text);
            text = list;
        }
        cJSON_AddItemToObject(arguments, row->name, text);
    }
}

/* Which of an invocation's values hold secrets is only known before they are expanded. */
static bool check_all(const struct runbook *runbook, const struct invocation *invocation,
                      const cJSON *expanded, bool facts_known, struct error *error)
{
    const cJSON *raw;
    cJSON_ArrayForEach(raw, invocation->arguments)
    {
        const struct argument *row = argument_find(invocation->action, raw->string);
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(expanded, raw->string);
        char *message = row ? complaint(runbook, row, raw, value, facts_known) : NULL;
        if (!message)
            continue;
        struct position position = argument_position(invocation, raw->string);
        error_set(error, ERROR_RUNBOOK, "%s (line %d of the runbook): %s", invocation->action->name,
                  position.line, message);
        free(message);
        return false;
    }
    return true;
}

cJSON *runbook_expand_arguments(const struct runbook *runbook, const struct invocation *invocation,
                                const cJSON *facts, enum expand_mode mode, struct error *error)
{
    cJSON *expanded = runbook_expand(runbook, invocation->arguments, facts, mode, error);
    if (!expanded) {
        error_wrap(error, "%s (line %d of the runbook)", invocation->action->name,
                   invocation->position.line);
        return NULL;
    }
    if (mode != EXPAND_MASKED && !check_all(runbook, invocation, expanded, facts != NULL, error)) {
        cJSON_Delete(expanded);
        return NULL;
    }
    add_fallbacks(invocation->action, expanded);
    return expanded;
}

static void check_argument(const struct runbook *runbook, const struct invocation *invocation,
                           const cJSON *raw, struct fault_list *faults)
{
    const struct argument *row = argument_find(invocation->action, raw->string);
    if (!row || reference_tree_content(runbook, raw) == CONTENT_OPEN)
        return;
    struct position position = argument_position(invocation, raw->string);
    struct error error = ERROR_INIT;
    cJSON *expanded = runbook_expand(runbook, raw, NULL, EXPAND_WITH_SECRETS, &error);
    char *message = expanded ? complaint(runbook, row, raw, expanded, false) : NULL;
    if (!expanded)
        fault_add(faults, position, "%s: %s", raw->string, error.message);
    else if (message)
        fault_add(faults, position, "%s", message);
    free(message);
    cJSON_Delete(expanded);
}

static void check_invocation(const struct runbook *runbook, const struct invocation *invocation,
                             struct fault_list *faults)
{
    const cJSON *raw;
    cJSON_ArrayForEach(raw, invocation->arguments) check_argument(runbook, invocation, raw, faults);
}

/* A step that is known to be left out may have empty arguments. */
static bool left_out(const struct runbook *runbook, const struct step *step)
{
    bool holds = true;
    struct error ignored = ERROR_INIT;
    if (!step->when || reference_content(runbook, step->when) == CONTENT_OPEN)
        return false;
    return runbook_condition(runbook, step->when, NULL, &holds, &ignored) && !holds;
}

static void check_step(const struct runbook *runbook, const struct step *step,
                       struct fault_list *faults)
{
    if (left_out(runbook, step))
        return;
    check_invocation(runbook, &step->invocation, faults);
    for (size_t i = 0; i < step->undo_count; i++)
        check_invocation(runbook, &step->undo[i], faults);
    if (step->price)
        check_invocation(runbook, step->price, faults);
    if (step->save)
        check_invocation(runbook, step->save, faults);
    if (step->fence)
        check_invocation(runbook, step->fence, faults);
    if (step->unfence)
        check_invocation(runbook, step->unfence, faults);
}

bool runbook_check_values(const struct runbook *runbook, struct fault_list *faults,
                          struct error *error)
{
    size_t before = faults->count;
    for (size_t i = 0; i < runbook->phase_count; i++)
        for (size_t j = 0; j < runbook->phases[i].step_count; j++)
            if (runbook_has_phase(runbook, &runbook->phases[i]))
                check_step(runbook, &runbook->phases[i].steps[j], faults);
    if (faults->count == before)
        return true;
    fault_list_sort(faults);
    return fault_error(faults, runbook->path, error);
}

static void describe_value(const cJSON *value, struct text *output)
{
    const char *separator = "";
    const cJSON *item;
    if (cJSON_IsString(value)) {
        text_add(output, value->valuestring);
        return;
    }
    text_add(output, cJSON_IsArray(value) ? "[" : "{");
    cJSON_ArrayForEach(item, value)
    {
        text_add(output, separator);
        if (item->string)
            text_printf(output, "%s: ", item->string);
        describe_value(item, output);
        separator = ", ";
    }
    text_add(output, cJSON_IsArray(value) ? "]" : "}");
}

void runbook_describe_arguments(const struct runbook *runbook, const struct invocation *invocation,
                                struct text *output)
{
    struct error ignored = ERROR_INIT;
    cJSON *masked = runbook_expand(runbook, invocation->arguments, NULL, EXPAND_MASKED, &ignored);
    const cJSON *arguments = masked ? masked : invocation->arguments;
    const char *separator = "";
    const cJSON *value;
    cJSON_ArrayForEach(value, arguments)
    {
        text_printf(output, "%s%s=", separator, value->string);
        describe_value(value, output);
        separator = ", ";
    }
    cJSON_Delete(masked);
}
