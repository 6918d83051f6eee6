/* references.c: finds `${NAME}` and `${fact.KEY}` in a text. */
#include "runbook/references.h"

#include <ctype.h>
#include <string.h>

static bool name_start(char c)
{
    return isalpha((unsigned char)c) || c == '_';
}

bool variable_name_valid(const char *name)
{
    size_t length = strlen(name);
    if (!length || length >= REFERENCE_NAME_MAX || !name_start(name[0]))
        return false;
    for (size_t i = 1; i < length; i++)
        if (!name_start(name[i]) && !isdigit((unsigned char)name[i]))
            return false;
    return true;
}

bool fact_key_valid(const char *key)
{
    if (!*key)
        return false;
    for (; *key; key++)
        if (!isalnum((unsigned char)*key) && !strchr("._-", *key))
            return false;
    return true;
}

/* What stands between "${" at `start` and the next brace. */
static struct reference read_reference(const char *start)
{
    struct reference reference = {.kind = REFERENCE_MALFORMED, .start = start, .length = 2};
    const char *name = start + 2;
    size_t length = strcspn(name, "{}\n");
    if (name[length] != '}')
        return reference;
    reference.length = length + 3;
    if (length >= sizeof reference.name)
        return reference;
    memcpy(reference.name, name, length);
    reference.name[length] = '\0';
    if (!strncmp(reference.name, "fact.", 5)) {
        memmove(reference.name, reference.name + 5, length - 4);
        reference.kind = fact_key_valid(reference.name) ? REFERENCE_FACT : REFERENCE_MALFORMED;
    } else if (variable_name_valid(reference.name)) {
        reference.kind = REFERENCE_VARIABLE;
    }
    return reference;
}

struct reference reference_next(const char *text)
{
    const char *dollar = text;
    while ((dollar = strchr(dollar, '$'))) {
        if (dollar[1] == '$' && dollar[2] == '{')
            return (struct reference){.kind = REFERENCE_ESCAPED, .start = dollar, .length = 3};
        if (dollar[1] == '{')
            return read_reference(dollar);
        dollar++;
    }
    return (struct reference){.kind = REFERENCE_NONE, .start = text + strlen(text)};
}

enum reference_content reference_content(const struct runbook *runbook, const char *text)
{
    enum reference_content content = CONTENT_KNOWN;
    struct reference reference = reference_next(text);
    for (; reference.kind != REFERENCE_NONE;
         reference = reference_next(reference.start + reference.length)) {
        if (reference.kind == REFERENCE_FACT)
            return CONTENT_OPEN;
        if (reference.kind != REFERENCE_VARIABLE)
            continue;
        const struct variable *variable = runbook_variable(runbook, reference.name);
        if (!variable || !variable->value)
            return CONTENT_OPEN;
        if (variable->secret)
            content = CONTENT_SECRET;
    }
    return content;
}

enum reference_content reference_tree_content(const struct runbook *runbook, const cJSON *tree)
{
    if (cJSON_IsString(tree))
        return reference_content(runbook, tree->valuestring);
    enum reference_content strongest = CONTENT_KNOWN;
    const cJSON *item;
    cJSON_ArrayForEach(item, tree)
    {
        enum reference_content content = reference_tree_content(runbook, item);
        if (content > strongest)
            strongest = content;
    }
    return strongest;
}
