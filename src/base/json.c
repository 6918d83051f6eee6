/* json.c: reading a parsed JSON tree by a path of names, with plain answers for what is absent. */
#include "base/json.h"

#include <stdlib.h>
#include <string.h>

const cJSON *json_at(const cJSON *tree, const char *path)
{
    while (tree && *path) {
        size_t length = strcspn(path, ".");
        char *name = xstrndup(path, length);
        tree = cJSON_GetObjectItemCaseSensitive(tree, name);
        free(name);
        path += length + (path[length] == '.');
    }
    return tree;
}

const char *json_text_at(const cJSON *tree, const char *path)
{
    return cJSON_GetStringValue(json_at(tree, path));
}

double json_number_at(const cJSON *tree, const char *path)
{
    const cJSON *item = json_at(tree, path);
    return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

bool json_true_at(const cJSON *tree, const char *path)
{
    return cJSON_IsTrue(json_at(tree, path));
}

const char *json_text(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

bool json_differs(const cJSON *left, const cJSON *right, struct text *path)
{
    size_t length = path->length;
    const cJSON *entry;
    if (cJSON_Compare(left, right, true))
        return false;
    if (cJSON_IsObject(left) && cJSON_IsObject(right)) {
        const cJSON *const sides[] = {left, right};
        for (size_t side = 0; side < 2; side++) {
            cJSON_ArrayForEach(entry, sides[side])
            {
                text_printf(path, "%s%s", length ? "." : "", entry->string);
                if (json_differs(cJSON_GetObjectItemCaseSensitive(left, entry->string),
                                 cJSON_GetObjectItemCaseSensitive(right, entry->string), path))
                    return true;
                path->bytes[path->length = length] = '\0';
            }
        }
    }
    return true;
}
