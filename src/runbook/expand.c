/* expand.c: `${...}` replaced by the values of variables and facts. */
#include "runbook/environment.h"
#include "runbook/fault.h"
#include "runbook/references.h"
#include "runbook/runbook.h"
#include "runbook/values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPANDED_MAX                                                                               \
    (128UL * 1024UL) /* bytes: defaults that name each other could grow for ever                   \
                      */
#define MASK "***"

static bool undefined(const struct runbook *runbook, const char *name, struct error *error)
{
    struct text_list names = variable_names(runbook);
    char *message = unknown_name("there is no variable", name, &names);
    text_list_free(&names);
    error_set(error, ERROR_RUNBOOK, "%s", message);
    free(message);
    return false;
}

static bool lost(const struct variable *variable, struct error *error)
{
    error_set(error, ERROR_OTHER, "the run began with the secret %s, and has it no more",
              variable->name);
    return error_remedy(error, "Nothing was done without it. End the run's engine (the process in "
                               "its journal's last engine_started), attach again from where its "
                               "source has it, or with --vars FILE, and retry.");
}

static bool add_variable(const struct runbook *runbook, const struct reference *reference,
                         enum expand_mode mode, struct text *output, struct error *error)
{
    const struct variable *variable = runbook_variable(runbook, reference->name);
    if (!variable)
        return undefined(runbook, reference->name, error);
    if (variable->lost && mode == EXPAND_WITH_SECRETS)
        return lost(variable, error);
    if (variable->secret && mode == EXPAND_MASKED)
        text_add(output, MASK);
    else if (variable->value)
        text_add(output, variable->value);
    else if (mode == EXPAND_MASKED)
        text_append(output, reference->start, reference->length);
    else
        return error_set(error, ERROR_RUNBOOK, "the variable %s has no value", variable->name);
    return true;
}

static void add_fact_value(const cJSON *fact, struct text *output)
{
    if (cJSON_IsString(fact)) {
        text_add(output, fact->valuestring);
    } else if (cJSON_IsBool(fact)) {
        text_add(output, cJSON_IsTrue(fact) ? "yes" : "no");
    } else if (!cJSON_IsNull(fact)) {
        char *printed = cJSON_PrintUnformatted(fact);
        text_add(output, printed ? printed : "");
        cJSON_free(printed);
    }
}

static bool add_fact(const struct reference *reference, const cJSON *facts, struct text *output,
                     struct error *error)
{
    const cJSON *fact = cJSON_GetObjectItemCaseSensitive(facts, reference->name);
    if (!facts)
        text_append(output, reference->start, reference->length);
    else if (!fact)
        return error_set(error, ERROR_OTHER, "no step has recorded the fact \"%s\" yet",
                         reference->name);
    else
        add_fact_value(fact, output);
    return true;
}

static bool add_reference(const struct runbook *runbook, const struct reference *reference,
                          const cJSON *facts, enum expand_mode mode, struct text *output,
                          struct error *error)
{
    switch (reference->kind) {
    case REFERENCE_VARIABLE:
        return add_variable(runbook, reference, mode, output, error);
    case REFERENCE_FACT:
        return add_fact(reference, facts, output, error);
    case REFERENCE_MALFORMED:
        return error_set(error, ERROR_RUNBOOK, "\"%.*s\" is no ${NAME}", (int)reference->length,
                         reference->start);
    case REFERENCE_ESCAPED:
        text_add(output, "${");
        return true;
    case REFERENCE_NONE:
        return true;
    }
    return true;
}

char *runbook_expand_text(const struct runbook *runbook, const char *text, const cJSON *facts,
                          enum expand_mode mode, struct error *error)
{
    struct text output = {0};
    struct reference reference;
    do {
        reference = reference_next(text);
        text_append(&output, text, (size_t)(reference.start - text));
        if (!add_reference(runbook, &reference, facts, mode, &output, error)) {
            text_free(&output);
            return NULL;
        }
        if (output.length > EXPANDED_MAX) {
            error_set(error, ERROR_RUNBOOK, "a text grows beyond %lu bytes when it is expanded",
                      EXPANDED_MAX);
            text_free(&output);
            return NULL;
        }
        text = reference.start + reference.length;
    } while (reference.kind != REFERENCE_NONE);
    return text_take(&output);
}

static cJSON *expand_string(const struct runbook *runbook, const char *string, const cJSON *facts,
                            enum expand_mode mode, struct error *error)
{
    char *text = runbook_expand_text(runbook, string, facts, mode, error);
    cJSON *item = text ? cJSON_CreateString(text) : NULL;
    free(text);
    return item;
}

cJSON *runbook_expand(const struct runbook *runbook, const cJSON *tree, const cJSON *facts,
                      enum expand_mode mode, struct error *error)
{
    if (cJSON_IsString(tree))
        return expand_string(runbook, tree->valuestring, facts, mode, error);
    if (!cJSON_IsArray(tree) && !cJSON_IsObject(tree))
        return cJSON_Duplicate(tree, true);
    bool object = cJSON_IsObject(tree);
    cJSON *copy = object ? cJSON_CreateObject() : cJSON_CreateArray();
    const cJSON *item;
    cJSON_ArrayForEach(item, tree)
    {
        cJSON *expanded = runbook_expand(runbook, item, facts, mode, error);
        if (!expanded) {
            if (object)
                error_wrap(error, "%s", item->string);
            cJSON_Delete(copy);
            return NULL;
        }
        if (object)
            cJSON_AddItemToObject(copy, item->string, expanded);
        else
            cJSON_AddItemToArray(copy, expanded);
    }
    return copy;
}

char *runbook_stack_name(const struct runbook *runbook, struct error *error)
{
    const char *text = runbook->stack;
    if (runbook->entered && !runbook->environment)
        return environment_names(runbook);
    for (size_t i = 0; !text && i < runbook->server_count; i++)
        text = cJSON_GetStringValue(
            cJSON_GetObjectItemCaseSensitive(runbook->servers[i].settings, "container"));
    char *name =
        runbook_expand_text(runbook, text ? text : runbook->name, NULL, EXPAND_MASKED, error);
    if (!name)
        error_wrap(error, "the stack's name");
    return name;
}
