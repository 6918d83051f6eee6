/* redact.c: takes the secrets' values out of a text that came from outside. */
#include "runbook/runbook.h"

#include <stdlib.h>
#include <string.h>

#define SECRET_MIN 4 /* a shorter one would blank out half of every text */

/* A secret that is also an open variable's value (user and password both "postgres") can't be told
 * apart in a text, and blanking it out would hide nothing. */
static bool is_open_value(const struct runbook *runbook, const char *secret)
{
    for (size_t i = 0; i < runbook->variable_count; i++) {
        const struct variable *variable = &runbook->variables[i];
        if (!variable->secret && text_equal(variable->value, secret))
            return true;
    }
    return false;
}

static char *replace_all(char *text, const char *secret)
{
    struct text result = {0};
    const char *rest = text, *found;
    while ((found = strstr(rest, secret))) {
        text_append(&result, rest, (size_t)(found - rest));
        text_add(&result, "***");
        rest = found + strlen(secret);
    }
    text_add(&result, rest);
    free(text);
    return text_take(&result);
}

char *runbook_redact(const struct runbook *runbook, const char *text)
{
    char *clean = xstrdup(text);
    for (size_t i = 0; i < runbook->variable_count; i++) {
        const struct variable *variable = &runbook->variables[i];
        if (variable->secret && variable->value && strlen(variable->value) >= SECRET_MIN &&
            !is_open_value(runbook, variable->value))
            clean = replace_all(clean, variable->value);
    }
    return clean;
}
