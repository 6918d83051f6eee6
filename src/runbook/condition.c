/* condition.c: whether a step's `when` holds. */
#include "runbook/condition.h"

#include "base/text.h"
#include "runbook/references.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BLANKS " \t\r\n"

/* The first "==" or "!=" at or behind `text`, not looking into ${...}; NULL when there is none. */
static const char *find_sign(const char *text)
{
    struct reference reference = reference_next(text);
    for (; *text; text++) {
        while (text == reference.start && reference.kind != REFERENCE_NONE) {
            text += reference.length;
            reference = reference_next(text);
        }
        if ((text[0] == '=' || text[0] == '!') && text[1] == '=')
            return text;
        if (!*text)
            return NULL;
    }
    return NULL;
}

/* Without the blanks around it and one pair of quotes; the caller frees. */
static char *trimmed(const char *start, size_t length, bool *quoted)
{
    while (length && strchr(BLANKS, *start)) {
        start++;
        length--;
    }
    while (length && strchr(BLANKS, start[length - 1]))
        length--;
    *quoted = length >= 2 && (*start == '\'' || *start == '"') && start[length - 1] == *start;
    return *quoted ? xstrndup(start + 1, length - 2) : xstrndup(start, length);
}

static bool check_side(const char *side, bool quoted, const char *which, struct error *error)
{
    if (*side || quoted)
        return true;
    return error_set(error, ERROR_RUNBOOK, "nothing stands %s; write '' for an empty text", which);
}

bool condition_parse(const char *text, struct condition *condition, struct error *error)
{
    *condition = (struct condition){0};
    const char *sign = find_sign(text);
    if (sign && find_sign(sign + 2))
        return error_set(error, ERROR_RUNBOOK,
                         "a condition has one == or != at most; split the step for more");
    bool quoted = false;
    size_t length = sign ? (size_t)(sign - text) : strlen(text);
    condition->left = trimmed(text, length, &quoted);
    bool good = check_side(condition->left, quoted, sign ? "left of it" : "in it", error);
    if (good && sign) {
        condition->negated = *sign == '!';
        condition->right = trimmed(sign + 2, strlen(sign + 2), &quoted);
        good = check_side(condition->right, quoted, "right of it", error);
    }
    if (!good)
        condition_free(condition);
    return good;
}

void condition_free(struct condition *condition)
{
    free(condition->left);
    free(condition->right);
    *condition = (struct condition){0};
}

static bool is_true(const char *text)
{
    static const char *const negative[] = {"", "no", "false", "off", "0"};
    for (size_t i = 0; i < sizeof negative / sizeof negative[0]; i++)
        if (!strcasecmp(text, negative[i]))
            return false;
    return true;
}

static bool evaluate(const struct runbook *runbook, const struct condition *condition,
                     const cJSON *facts, bool *holds, struct error *error)
{
    char *left = runbook_expand_text(runbook, condition->left, facts, EXPAND_WITH_SECRETS, error);
    if (!left)
        return false;
    if (!condition->right) {
        *holds = is_true(left);
        free(left);
        return true;
    }
    char *right = runbook_expand_text(runbook, condition->right, facts, EXPAND_WITH_SECRETS, error);
    if (right)
        *holds = (strcmp(left, right) == 0) != condition->negated;
    free(left);
    free(right);
    return right != NULL;
}

bool runbook_condition(const struct runbook *runbook, const char *condition, const cJSON *facts,
                       bool *holds, struct error *error)
{
    struct condition parsed;
    cJSON *none = facts ? NULL : cJSON_CreateObject(); /* a fact that isn't known is no "true" */
    bool good = condition_parse(condition, &parsed, error);
    if (good) {
        good = evaluate(runbook, &parsed, facts ? facts : none, holds, error);
        condition_free(&parsed);
    }
    cJSON_Delete(none);
    return good || error_wrap(error, "the condition \"%s\"", condition);
}
