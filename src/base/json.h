/* json.h: reading a parsed JSON tree by a path of names, with plain answers for what is absent. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/text.h"

#include <cjson/cJSON.h>
#include <stdbool.h>

/* The item at "State.Health.Status"; a name that holds a dot can't be reached this way. NULL when
 * there is none. Strings and items stay the tree's. */
const cJSON *json_at(const cJSON *tree, const char *path);
const char *json_text_at(const cJSON *tree, const char *path); /* NULL when absent or no string */
double json_number_at(const cJSON *tree, const char *path);    /* 0 when absent or no number */
bool json_true_at(const cJSON *tree, const char *path);        /* false when absent */
/* The string under `name` in an object whose names may hold dots (labels); NULL when absent. */
const char *json_text(const cJSON *object, const char *name);

/* Whether the trees differ; the path of the first place where they do is appended to `path`.
 * Values stay out of it, as they may be secrets. */
bool json_differs(const cJSON *left, const cJSON *right, struct text *path);

#endif
