/* json_path.c: one item of a parsed JSON tree, by a path such as results[type=DATABASE].uuid. */
#include "base/json_path.h"

#include "base/json.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_MAX 200 /* characters of a path in a message */

void json_value_text(const cJSON *item, struct text *output)
{
    if (!item || cJSON_IsNull(item))
        return;
    char *printed = cJSON_IsString(item) ? NULL : cJSON_PrintUnformatted(item);
    text_add(output, printed ? printed : (cJSON_IsString(item) ? item->valuestring : ""));
    cJSON_free(printed);
}

bool json_value_empty(const cJSON *item)
{
    if (cJSON_IsString(item))
        return !*item->valuestring;
    if (cJSON_IsArray(item) || cJSON_IsObject(item))
        return !item->child;
    if (cJSON_IsNumber(item))
        return item->valuedouble == 0;
    return !cJSON_IsTrue(item);
}

static bool malformed(const char *path, struct error *error)
{
    return error_set(error, ERROR_OTHER,
                     "\"%.*s\" is no path: write names with dots between, [0] or [key=value]",
                     SHOWN_MAX, path);
}

/* The end of what stands in brackets: the first ']' that isn't in quotes; NULL when there is none.
 */
static const char *closing_bracket(const char *text)
{
    while (*text && *text != ']') {
        const char *quote = *text == '=' && text[1] == '\'' ? strchr(text + 2, '\'') : NULL;
        text = quote ? quote + 1 : text + 1;
    }
    return *text ? text : NULL;
}

/* KEY=VALUE at the cursor, which goes on behind it and its comma. The caller frees both. */
static bool take_test(const char **cursor, char **key, char **value)
{
    size_t length = strcspn(*cursor, "=,");
    if (!length || (*cursor)[length] != '=')
        return false;
    const char *start = *cursor + length + 1;
    const char *quote = *start == '\'' ? strchr(start + 1, '\'') : NULL;
    const char *end = quote ? quote + 1 : start + strcspn(start, ",");
    if (*end && *end != ',')
        return false;
    *key = xstrndup(*cursor, length);
    *value = quote ? xstrndup(start + 1, (size_t)(quote - start) - 1)
                   : xstrndup(start, (size_t)(end - start));
    *cursor = end + (*end == ',');
    return true;
}

static bool value_is(const cJSON *item, const char *wanted)
{
    struct text text = {0};
    json_value_text(item, &text);
    bool same = item && (cJSON_IsNull(item) ? !strcmp(wanted, "null")
                                            : !strcmp(text_string(&text), wanted));
    text_free(&text);
    return same;
}

/* Whether all tests hold for the item; *good is false when they can't be read. */
static bool item_matches(const cJSON *item, const char *tests, bool *good)
{
    bool matches = true;
    do {
        char *key = NULL, *value = NULL;
        *good = take_test(&tests, &key, &value);
        matches = matches && *good && value_is(json_at(item, key), value);
        free(key);
        free(value);
    } while (*good && *tests);
    return matches;
}

static bool find_matching(const cJSON *list, const char *tests, const char *path,
                          const cJSON **found, struct error *error)
{
    bool good = true;
    const cJSON *item;
    int count = 0;
    *found = NULL;
    item_matches(NULL, tests, &good);
    if (!good)
        return malformed(path, error);
    cJSON_ArrayForEach(item, list)
    {
        if (!item_matches(item, tests, &good))
            continue;
        *found = item;
        count++;
    }
    return count < 2 || error_set(error, ERROR_OTHER, "%d items answer to [%.*s], not one", count,
                                  SHOWN_MAX, tests);
}

/* What stands in the brackets behind the cursor: a number, or tests. */
static bool enter_list(const cJSON **tree, const char **cursor, const char *path,
                       struct error *error)
{
    const char *end = closing_bracket(*cursor + 1);
    if (!end)
        return malformed(path, error);
    char *inside = xstrndup(*cursor + 1, (size_t)(end - *cursor) - 1);
    const cJSON *list = cJSON_IsArray(*tree) ? *tree : NULL;
    long index = 0;
    bool good = true;
    if (text_to_long(inside, 0, INT_MAX, &index))
        *tree = cJSON_GetArrayItem(list, (int)index);
    else
        good = find_matching(list, inside, path, tree, error);
    free(inside);
    *cursor = end + 1;
    return good;
}

static bool enter_object(const cJSON **tree, const char **cursor, const char *path,
                         struct error *error)
{
    size_t length = strcspn(*cursor, ".[]");
    if (!length)
        return malformed(path, error);
    char *name = xstrndup(*cursor, length);
    *tree = cJSON_GetObjectItemCaseSensitive(*tree, name);
    free(name);
    *cursor += length;
    return true;
}

/* Goes on when there is nothing any more: the rest of the path must be well formed, too. */
bool json_path_find(const cJSON *tree, const char *path, const cJSON **found, struct error *error)
{
    const char *cursor = path;
    *found = NULL;
    while (*cursor) {
        bool first = cursor == path;
        if (*cursor == '[') {
            if (!enter_list(&tree, &cursor, path, error))
                return false;
            continue;
        }
        if (!first && *cursor != '.')
            return malformed(path, error);
        cursor += !first;
        if (!enter_object(&tree, &cursor, path, error))
            return false;
    }
    *found = tree;
    return true;
}
