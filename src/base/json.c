/* json.c: reading a parsed JSON tree by a path of names, with plain answers for what is absent. */
#include "base/json.h"

#include "base/text.h"

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
