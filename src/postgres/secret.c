/* secret.c: whether a setting holds a secret. */
#include "postgres/secret.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

static bool matches(const char *text, const char *pattern)
{
    regex_t expression;
    if (regcomp(&expression, pattern, REG_EXTENDED | REG_ICASE | REG_NOSUB) != 0)
        abort(); /* a constant of ours, or no memory */
    bool found = regexec(&expression, text, 0, NULL, 0) == 0;
    regfree(&expression);
    return found;
}

bool secret_is(const char *name, const char *value)
{
    return strcmp(name, SECRET_NOT) != 0 &&
           (matches(name, SECRET_NAMES) || matches(value, SECRET_VALUES));
}
