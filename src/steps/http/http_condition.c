/* http_condition.c: whether an answer is the one that is waited for. */
#include "steps/http/http_condition.h"

#include "base/json_path.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* A condition in its parts; the texts are the caller's. */
struct parts {
    char *path;
    char *value; /* NULL: there is no sign */
    bool negated;
};

/* The first "==" or "!=" that stands outside of brackets, or NULL. */
static const char *find_sign(const char *text)
{
    bool inside = false;
    for (; *text; text++) {
        inside = *text == '[' || (inside && *text != ']');
        if (!inside && (*text == '=' || *text == '!') && text[1] == '=')
            return text;
    }
    return NULL;
}

static char *trimmed(const char *start, size_t length)
{
    while (length && *start == ' ') {
        start++;
        length--;
    }
    while (length && start[length - 1] == ' ')
        length--;
    return xstrndup(start, length);
}

static struct parts take_apart(const char *condition)
{
    const char *sign = find_sign(condition);
    struct parts parts = {
        .path = trimmed(condition, sign ? (size_t)(sign - condition) : strlen(condition))};
    if (sign) {
        parts.negated = *sign == '!';
        parts.value = trimmed(sign + 2, strlen(sign + 2));
    }
    return parts;
}

static void parts_free(struct parts *parts)
{
    free(parts->path);
    free(parts->value);
}

static bool equals(const cJSON *item, const char *value)
{
    struct text text = {0};
    if (!*value || !strcmp(value, "''"))
        return json_value_empty(item);
    json_value_text(item, &text);
    bool same = !strcmp(text_string(&text), value);
    text_free(&text);
    return same;
}

bool http_condition(const cJSON *answer, const char *condition, bool *holds, struct error *error)
{
    struct parts parts = take_apart(condition);
    const cJSON *item = NULL;
    bool good = json_path_find(answer, parts.path, &item, error);
    if (good && parts.value)
        *holds = equals(item, parts.value) != parts.negated;
    else if (good)
        *holds = !json_value_empty(item);
    parts_free(&parts);
    return good || error_wrap(error, "the condition \"%s\"", condition);
}

bool http_conditions(const cJSON *answer, const cJSON *conditions, const char **missing,
                     struct error *error)
{
    const cJSON *condition;
    *missing = NULL;
    cJSON_ArrayForEach(condition, conditions)
    {
        bool holds = false;
        if (!http_condition(answer, condition->valuestring, &holds, error))
            return false;
        if (!holds) {
            *missing = condition->valuestring;
            return true;
        }
    }
    return true;
}

char *http_condition_value(const cJSON *answer, const char *condition)
{
    struct parts parts = take_apart(condition);
    struct error ignored = ERROR_INIT; /* the condition was read before */
    const cJSON *item = NULL;
    struct text text = {0};
    json_path_find(answer, parts.path, &item, &ignored);
    json_value_text(item, &text);
    parts_free(&parts);
    return text_take(&text);
}
