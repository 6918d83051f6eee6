/* values.h: the types of values: how each is written, checked and described. */
#ifndef RUNBOOK_VALUES_H
#define RUNBOOK_VALUES_H

#include "base/text.h"
#include "runbook/runbook.h"

#include <stdbool.h>

struct type_rule {
    enum argument_type type;
    const char *name;    /* "duration" */
    const char *a_name;  /* "a duration", for messages */
    const char *how;     /* "a number with ms, s, m, h or d, such as 30s" */
    const char *pattern; /* regular expression (ECMA 262) for the schema; NULL: any text */
    bool (*accepts)(const char *text); /* NULL: every text */
};

extern const struct type_rule type_rules[]; /* ARGUMENT_MAP is the last row */
const struct type_rule *type_rule(enum argument_type type);

/* What is wrong with `text` as a value of the argument, NULL when nothing is; the caller frees. An
 * empty text stands for an argument that isn't given: `port: "${port}"` with an empty variable.
 * `quote`: the message may repeat the text (it holds no secret). */
char *value_complaint(const struct argument *argument, const struct runbook *runbook,
                      const char *text, bool quote);

/* Names of the servers, variables, of a table; the caller frees the list. */
struct text_list server_names(const struct runbook *runbook);
struct text_list variable_names(const struct runbook *runbook);

#endif
