/* http_condition.h: whether an answer is the one that is waited for. */
#ifndef STEPS_HTTP_CONDITION_H
#define STEPS_HTTP_CONDITION_H

#include "base/error.h"

#include <cjson/cJSON.h>
#include <stdbool.h>

/* "PATH": there is something, and it is neither null, false, 0 nor empty. "PATH == VALUE", "PATH !=
 * VALUE": compared as texts; '' stands for nothing, null, false, 0 and empty. Paths as in
 * base/json_path.h. False when it can't be read or a path leads to several items. */
bool http_condition(const cJSON *answer, const char *condition, bool *holds, struct error *error);
/* Whether all (a list of texts, or NULL) hold; *missing is the first that doesn't, the list's. */
bool http_conditions(const cJSON *answer, const cJSON *conditions, const char **missing,
                     struct error *error);
/* The text that stands at the condition's path, such as the reason of a failure; the caller frees.
 */
char *http_condition_value(const cJSON *answer, const char *condition);

#endif
