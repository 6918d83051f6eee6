/* json_path.h: one item of a parsed JSON tree, by a path such as results[type=DATABASE].uuid. */
#ifndef BASE_JSON_PATH_H
#define BASE_JSON_PATH_H

#include "base/error.h"
#include "base/text.h"

#include <cjson/cJSON.h>
#include <stdbool.h>

/* The path's parts: names with '.' between them; [3] is an item of a list, counted from 0;
 * [KEY=VALUE,KEY=VALUE] is the one item of a list in which all of these hold, KEY being names with
 * '.' between them, VALUE a text, a number, true, false or null as JSON writes it. A value that
 * holds ',' or ']' stands in '...'. "" is the whole tree.
 *
 * *found is the tree's item, NULL when there is none. False when the path is malformed, or when
 * more than one item of a list answers to [...]: which one is meant can't be told. */
bool json_path_find(const cJSON *tree, const char *path, const cJSON **found, struct error *error);
/* Appends the item as a text: what a string holds, nothing for NULL and null, JSON for the rest. */
void json_value_text(const cJSON *item, struct text *output);
/* NULL, null, false, 0, and an empty text, list or object. */
bool json_value_empty(const cJSON *item);

#endif
