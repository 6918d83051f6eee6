/* network.c: networks are made and removed, containers join and leave them. */
#include "docker/network.h"

#include "base/json.h"
#include "docker/connection.h"

#include <stdlib.h>
#include <string.h>

#define CHANGE_MS 60000L
#define SHORT_ID 12

bool docker_network_inspect(struct docker *docker, const char *network, cJSON **found,
                            struct error *error)
{
    char *part = docker_escape(network), *path = xprintf("/networks/%s", part);
    int status = 0;
    *found = NULL;
    bool called = docker_call(docker, "GET", path, NULL, 0, &status, found, error);
    free(path);
    free(part);
    bool accepted =
        called && status != 404 && docker_accepted(status, *found, error, "network %s", network);
    if (accepted)
        return true;
    cJSON_Delete(*found);
    *found = NULL;
    return called && status == 404;
}

static bool change(struct docker *docker, const char *network, const char *what, cJSON *body,
                   struct error *error)
{
    char *part = docker_escape(network);
    char *path = xprintf("/networks/%s/%s", part, what);
    int status = 0;
    cJSON *answer = NULL;
    bool done = docker_call(docker, "POST", path, body, CHANGE_MS, &status, &answer, error) &&
                docker_accepted(status, answer, error, "network %s, %s", network, what);
    if (done)
        cJSON_Delete(answer);
    free(path);
    free(part);
    cJSON_Delete(body);
    return done;
}

bool docker_network_leave(struct docker *docker, const char *network, const char *container,
                          struct error *error)
{
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "Container", container);
    return change(docker, network, "disconnect", body, error);
}

bool docker_is_short_id(const char *alias, const char *id)
{
    return strlen(alias) == SHORT_ID && text_starts(id, alias);
}

static cJSON *aliases_of(const cJSON *endpoint, const char *container)
{
    cJSON *aliases = cJSON_CreateArray();
    const cJSON *alias;
    cJSON_ArrayForEach(alias, cJSON_GetObjectItemCaseSensitive(endpoint, "Aliases"))
    {
        const char *text = cJSON_GetStringValue(alias);
        if (text && !docker_is_short_id(text, container))
            cJSON_AddItemToArray(aliases, cJSON_CreateString(text));
    }
    return aliases;
}

bool docker_network_join(struct docker *docker, const char *network, const char *container,
                         const cJSON *endpoint, struct error *error)
{
    static const char *const taken_over[] = {"IPAMConfig", "Links", "DriverOpts", "GwPriority"};
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "Container", container);
    cJSON *config = cJSON_AddObjectToObject(body, "EndpointConfig");
    cJSON_AddItemToObject(config, "Aliases", aliases_of(endpoint, container));
    for (size_t i = 0; i < sizeof taken_over / sizeof *taken_over; i++) {
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(endpoint, taken_over[i]);
        if (item)
            cJSON_AddItemToObject(config, taken_over[i], cJSON_Duplicate(item, true));
    }
    return change(docker, network, "connect", body, error);
}

char *docker_network_create_internal(struct docker *docker, const char *name, const cJSON *labels,
                                     struct error *error)
{
    int status = 0;
    cJSON *answer = NULL, *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "Name", name);
    cJSON_AddTrueToObject(body, "CheckDuplicate");
    cJSON_AddTrueToObject(body, "Internal");
    cJSON_AddItemToObject(body, "Labels", cJSON_Duplicate(labels, true));
    bool made =
        docker_call(docker, "POST", "/networks/create", body, CHANGE_MS, &status, &answer, error) &&
        docker_accepted(status, answer, error, "making network %s", name);
    const char *id = made ? json_text(answer, "Id") : NULL;
    char *copy = id ? xstrdup(id) : NULL;
    if (made && !id)
        error_set(error, ERROR_DOCKER, "Docker made network %s and doesn't say which", name);
    if (made)
        cJSON_Delete(answer);
    cJSON_Delete(body);
    return copy;
}

static bool take_off_all(struct docker *docker, const char *network, const cJSON *found,
                         struct error *error)
{
    const cJSON *container;
    cJSON_ArrayForEach(container, cJSON_GetObjectItemCaseSensitive(found, "Containers"))
    {
        if (!docker_network_leave(docker, network, container->string, error))
            return false;
    }
    return true;
}

bool docker_network_remove(struct docker *docker, const char *network, struct error *error)
{
    cJSON *found = NULL, *answer = NULL;
    int status = 0;
    if (!docker_network_inspect(docker, network, &found, error))
        return false;
    if (!found)
        return true;
    char *part = docker_escape(network), *path = xprintf("/networks/%s", part);
    bool called = take_off_all(docker, network, found, error) &&
                  docker_call(docker, "DELETE", path, NULL, CHANGE_MS, &status, &answer, error);
    bool gone = called && (status == 404 ||
                           docker_accepted(status, answer, error, "removing network %s", network));
    if (gone)
        cJSON_Delete(answer);
    cJSON_Delete(found);
    free(path);
    free(part);
    return gone;
}

bool docker_network_list(struct docker *docker, const cJSON *filter, cJSON **list,
                         struct error *error)
{
    int status = 0;
    char *json = cJSON_PrintUnformatted(filter), *value = docker_escape(json);
    char *path = xprintf("/networks?filters=%s", value);
    bool listed = docker_call(docker, "GET", path, NULL, 0, &status, list, error) &&
                  docker_accepted(status, *list, error, "listing networks");
    free(path);
    free(value);
    cJSON_free(json);
    return listed;
}
