/* extension_path.c: the ways that an extension's scripts lead from version to version. */
#include "postgres/extension_path.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define BETWEEN "--"
#define SUFFIX ".sql"

void extension_add_script(cJSON *scripts, const char *file)
{
    const char *versions = strstr(file, BETWEEN);
    if (!versions || versions == file || !text_ends(file, SUFFIX))
        return;
    versions += strlen(BETWEEN);
    char *name = xstrndup(file, (size_t)(versions - file) - strlen(BETWEEN));
    char *way = xstrndup(versions, strlen(versions) - strlen(SUFFIX));
    const char *to = strstr(way, BETWEEN);
    bool usable = *way && (!to || !strstr(to + strlen(BETWEEN), BETWEEN));
    cJSON *ways = cJSON_GetObjectItemCaseSensitive(scripts, name);
    if (usable && !ways)
        ways = cJSON_AddObjectToObject(scripts, name);
    if (usable && !cJSON_GetObjectItemCaseSensitive(ways, way))
        cJSON_AddTrueToObject(ways, way);
    free(way);
    free(name);
}

static const cJSON *ways_of(const cJSON *scripts, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(scripts, name);
}

/* Adds where one script leads to when it begins at a version that is reached; true when that is
 * new.
 */
static bool follow(struct text_list *reached, const char *way)
{
    const char *to = strstr(way, BETWEEN);
    if (!to)
        return false;
    char *from = xstrndup(way, (size_t)(to - way));
    bool leads = text_list_has(reached, from) && !text_list_has(reached, to + strlen(BETWEEN));
    if (leads)
        text_list_add(reached, to + strlen(BETWEEN));
    free(from);
    return leads;
}

/* Until nothing new is reached: each round but the last adds a version. Frees the list. */
static bool reaches(const cJSON *ways, struct text_list *reached, const char *target)
{
    const cJSON *way;
    for (bool more = true; more && !text_list_has(reached, target);) {
        more = false;
        cJSON_ArrayForEach(way, ways)
        {
            more = follow(reached, way->string) || more;
        }
    }
    bool found = text_list_has(reached, target);
    text_list_free(reached);
    return found;
}

bool extension_installs(const cJSON *scripts, const char *name, const char *version)
{
    const cJSON *way, *ways = ways_of(scripts, name);
    struct text_list reached = {0};
    cJSON_ArrayForEach(way, ways)
    {
        if (!strstr(way->string, BETWEEN))
            text_list_add(&reached, way->string);
    }
    return reaches(ways, &reached, version);
}

bool extension_updates(const cJSON *scripts, const char *name, const char *version,
                       const char *target)
{
    struct text_list reached = {0};
    text_list_add(&reached, version);
    return reaches(ways_of(scripts, name), &reached, target);
}

enum extension_fit extension_fit(const cJSON *scripts, const char *name, const char *used,
                                 const char *offered)
{
    int order = strverscmp(offered, used);
    bool installs = extension_installs(scripts, name, used);
    if (!strcmp(offered, used))
        return EXTENSION_SAME;
    if (order < 0)
        return installs ? EXTENSION_OLDER : EXTENSION_NEWER_USED;
    return installs || extension_updates(scripts, name, used, offered) ? EXTENSION_NEWER
                                                                       : EXTENSION_NO_WAY;
}
