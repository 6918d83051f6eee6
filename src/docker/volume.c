/* volume.c: named volumes: made, looked into, removed. */
#include "docker/volume.h"

#include "base/json.h"
#include "docker/connection.h"
#include "docker/lifecycle.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#define SIZES_MS 300000L

static char *path_to(const char *name)
{
    char *part = docker_escape(name);
    char *path = xprintf("/volumes/%s", part);
    free(part);
    return path;
}

bool docker_volume_inspect(struct docker *docker, const char *name, struct docker_volume *volume,
                           struct error *error)
{
    *volume = (struct docker_volume){0};
    char *path = path_to(name);
    int status = 0;
    cJSON *answer = NULL;
    bool called = docker_call(docker, "GET", path, NULL, 0, &status, &answer, error);
    free(path);
    if (!called)
        return error_wrap(error, "asking for volume %s", name);
    if (status == 404) {
        cJSON_Delete(answer);
        return true;
    }
    if (!docker_accepted(status, answer, error, "asking for volume %s", name))
        return false;
    const char *mountpoint = json_text(answer, "Mountpoint");
    volume->exists = true;
    volume->name = xstrdup(name);
    volume->mountpoint = xstrdup(mountpoint ? mountpoint : "");
    volume->inspect = answer;
    return true;
}

void docker_volume_free(struct docker_volume *volume)
{
    free(volume->name);
    free(volume->mountpoint);
    cJSON_Delete(volume->inspect);
    *volume = (struct docker_volume){0};
}

const char *docker_volume_label(const struct docker_volume *volume, const char *name)
{
    return json_text(cJSON_GetObjectItemCaseSensitive(volume->inspect, "Labels"), name);
}

bool docker_volume_create(struct docker *docker, const char *name, const cJSON *labels,
                          struct error *error)
{
    cJSON *body = cJSON_CreateObject(), *answer = NULL;
    int status = 0;
    cJSON_AddStringToObject(body, "Name", name);
    if (labels)
        cJSON_AddItemToObject(body, "Labels", cJSON_Duplicate(labels, true));
    bool called =
        docker_call(docker, "POST", "/volumes/create", body, 0, &status, &answer, error) &&
        docker_accepted(status, answer, error, "creating volume %s", name);
    cJSON_Delete(body);
    if (called)
        cJSON_Delete(answer);
    return called;
}

static bool in_use(struct docker *docker, const char *name, cJSON *answer, struct error *error)
{
    struct text users = {0};
    struct error ignored = ERROR_INIT;
    docker_volume_users(docker, name, &users, &ignored);
    error_set(error, ERROR_OTHER, "volume %s is in use%s%s", name, users.length ? " by " : "",
              text_string(&users));
    error_remedy(error, "%s",
                 users.length ? "Remove those containers first, if nothing needs them any more."
                              : docker_message(answer));
    text_free(&users);
    cJSON_Delete(answer);
    return false;
}

bool docker_volume_remove(struct docker *docker, const char *name, bool *removed,
                          struct error *error)
{
    char *path = path_to(name);
    int status = 0;
    cJSON *answer = NULL;
    bool called = docker_call(docker, "DELETE", path, NULL, SIZES_MS, &status, &answer, error);
    free(path);
    *removed = called && status < 400;
    if (!called)
        return error_wrap(error, "removing volume %s", name);
    if (status == 409)
        return in_use(docker, name, answer, error);
    if (status != 404 && !docker_accepted(status, answer, error, "removing volume %s", name))
        return false;
    cJSON_Delete(answer);
    return true;
}

/* A file system of its own has a lost+found from the start. */
static bool directory_empty(DIR *directory)
{
    static const char *const ignored[] = {".", "..", "lost+found"};
    const struct dirent *entry;
    while ((entry = readdir(directory))) {
        size_t i = 0;
        while (i < 3 && strcmp(entry->d_name, ignored[i]) != 0)
            i++;
        if (i == 3)
            return false;
    }
    return true;
}

/* The engine walks all volumes for this, so it may take long. */
static bool empty_by_size(struct docker *docker, const char *name, bool *empty, struct error *error)
{
    int status = 0;
    cJSON *answer = NULL;
    if (!docker_call(docker, "GET", "/system/df?type=volume", NULL, SIZES_MS, &status, &answer,
                     error) ||
        !docker_accepted(status, answer, error, "asking for the size of volume %s", name))
        return false;
    double size = -1;
    const cJSON *entry;
    cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(answer, "Volumes"))
    {
        if (text_equal(json_text(entry, "Name"), name))
            size = json_number_at(entry, "UsageData.Size");
    }
    cJSON_Delete(answer);
    *empty = size == 0;
    return size >= 0 || error_set(error, ERROR_OTHER, "can't see whether volume %s is empty", name);
}

bool docker_volume_empty(struct docker *docker, const struct docker_volume *volume, bool *empty,
                         struct error *error)
{
    DIR *directory = text_starts(docker->display, "unix://") ? opendir(volume->mountpoint) : NULL;
    if (!directory)
        return empty_by_size(docker, volume->name, empty, error);
    *empty = directory_empty(directory);
    closedir(directory);
    return true;
}

bool docker_volume_users(struct docker *docker, const char *name, struct text *text,
                         struct error *error)
{
    cJSON *list = NULL;
    if (!docker_list_by(docker, "volume", name, &list, error))
        return false;
    docker_listed_names(list, text);
    cJSON_Delete(list);
    return true;
}
