/* lifecycle.c: containers made, started, stopped and removed. */
#include "docker/lifecycle.h"

#include "base/json.h"
#include "docker/connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Beyond the grace, for the engine's own work. */
#define MARGIN_MS 60000L

static cJSON *object_in(cJSON *parent, const char *name)
{
    return cJSON_AddObjectToObject(parent, name);
}

static void add_port(cJSON *body, cJSON *host, const struct docker_creation *creation)
{
    char key[32], port[16];
    snprintf(key, sizeof key, "%d/tcp", creation->container_port);
    snprintf(port, sizeof port, "%d", creation->port);
    object_in(object_in(body, "ExposedPorts"), key);
    cJSON *list = cJSON_AddArrayToObject(object_in(host, "PortBindings"), key);
    cJSON *binding = cJSON_CreateObject();
    cJSON_AddStringToObject(binding, "HostIp", creation->address ? creation->address : "");
    cJSON_AddStringToObject(binding, "HostPort", port);
    cJSON_AddItemToArray(list, binding);
}

static void add_mount(cJSON *host, const struct docker_creation *creation)
{
    cJSON *mount = cJSON_CreateObject();
    cJSON_AddStringToObject(mount, "Type", "volume");
    cJSON_AddStringToObject(mount, "Source", creation->volume);
    cJSON_AddStringToObject(mount, "Target", creation->mount);
    cJSON_AddItemToArray(cJSON_AddArrayToObject(host, "Mounts"), mount);
}

static void add_environment(cJSON *body, const cJSON *environment)
{
    cJSON *list = cJSON_AddArrayToObject(body, "Env");
    const cJSON *entry;
    cJSON_ArrayForEach(entry, environment)
    {
        const char *value = cJSON_GetStringValue(entry);
        char *assignment = xprintf("%s=%s", entry->string, value ? value : "");
        cJSON_AddItemToArray(list, cJSON_CreateString(assignment));
        free(assignment);
    }
}

static cJSON *body_of(const struct docker_creation *creation)
{
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "Image", creation->image);
    cJSON *host = object_in(body, "HostConfig");
    if (creation->environment)
        add_environment(body, creation->environment);
    if (creation->command)
        cJSON_AddItemToObject(body, "Cmd", cJSON_Duplicate(creation->command, true));
    if (creation->labels)
        cJSON_AddItemToObject(body, "Labels", cJSON_Duplicate(creation->labels, true));
    if (creation->volume && creation->mount)
        add_mount(host, creation);
    if (creation->port)
        add_port(body, host, creation);
    if (creation->network)
        cJSON_AddStringToObject(host, "NetworkMode", creation->network);
    if (creation->shared_memory)
        cJSON_AddNumberToObject(host, "ShmSize", (double)creation->shared_memory);
    return body;
}

bool docker_create_from(struct docker *docker, const char *name, const cJSON *body, char **id,
                        struct error *error)
{
    char *part = docker_escape(name);
    char *path = xprintf("/containers/create?name=%s", part);
    cJSON *answer = NULL;
    int status = 0;
    bool called = docker_call(docker, "POST", path, body, MARGIN_MS, &status, &answer, error);
    free(path);
    free(part);
    *id = NULL;
    if (!called)
        return error_wrap(error, "creating container %s", name);
    const char *image = json_text(body, "Image");
    if (!docker_accepted(status, answer, error, "creating container %s from %s", name,
                         image ? image : "no image"))
        return false;
    const char *text = json_text(answer, "Id");
    *id = xstrdup(text ? text : name);
    cJSON_Delete(answer);
    return true;
}

bool docker_create(struct docker *docker, const struct docker_creation *creation, char **id,
                   struct error *error)
{
    cJSON *body = body_of(creation);
    bool created = docker_create_from(docker, creation->name, body, id, error);
    cJSON_Delete(body);
    return created;
}

static void take_over(cJSON *body, const struct docker_container *container, const char *from,
                      const char *name)
{
    const cJSON *item = json_at(container->inspect, from);
    if (item && !cJSON_IsNull(item))
        cJSON_AddItemToObject(body, name, cJSON_Duplicate(item, true));
}

bool docker_create_like(struct docker *docker, const struct docker_container *container,
                        const char *name, const cJSON *labels, struct error *error)
{
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "Image", container->image);
    cJSON_AddItemToObject(body, "Labels", cJSON_Duplicate(labels, true));
    take_over(body, container, "Config.Env", "Env");
    take_over(body, container, "Config.ExposedPorts", "ExposedPorts");
    take_over(body, container, "HostConfig", "HostConfig");
    char *id = NULL;
    bool created = docker_create_from(docker, name, body, &id, error);
    cJSON_Delete(body);
    free(id);
    return created;
}

/* One call about one container. `absent`: a status of 404 counts as done. */
static bool act(struct docker *docker, const char *method, const char *name, const char *rest,
                long timeout_ms, bool absent, struct error *error)
{
    char *part = docker_escape(name);
    char *path = xprintf("/containers/%s%s", part, rest);
    int status = 0;
    cJSON *answer = NULL;
    bool called = docker_call(docker, method, path, NULL, timeout_ms, &status, &answer, error);
    free(path);
    free(part);
    if (called && !(absent && status == 404)) {
        if (!docker_accepted(status, answer, error, "container %s", name))
            return false;
    }
    if (called)
        cJSON_Delete(answer);
    return called;
}

bool docker_start(struct docker *docker, const char *name, struct error *error)
{
    return act(docker, "POST", name, "/start", MARGIN_MS, false, error) ||
           error_wrap(error, "starting");
}

/* "/stop?t=SECONDS", rounded up. */
static bool act_with_grace(struct docker *docker, const char *name, const char *what, long grace_ms,
                           struct error *error)
{
    char rest[64];
    snprintf(rest, sizeof rest, "/%s?t=%ld", what, (grace_ms + 999) / 1000);
    return act(docker, "POST", name, rest, grace_ms + MARGIN_MS, false, error);
}

bool docker_stop(struct docker *docker, const char *name, long grace_ms, struct error *error)
{
    return act_with_grace(docker, name, "stop", grace_ms, error) || error_wrap(error, "stopping");
}

bool docker_restart(struct docker *docker, const char *name, long grace_ms, struct error *error)
{
    return act_with_grace(docker, name, "restart", grace_ms, error) ||
           error_wrap(error, "restarting");
}

bool docker_rename(struct docker *docker, const char *container, const char *name,
                   struct error *error)
{
    char *part = docker_escape(name), *rest = xprintf("/rename?name=%s", part);
    bool done = act(docker, "POST", container, rest, MARGIN_MS, false, error) ||
                error_wrap(error, "renaming it to %s", name);
    free(rest);
    free(part);
    return done;
}

bool docker_remove(struct docker *docker, const char *name, bool volumes, struct error *error)
{
    const char *rest = volumes ? "?force=1&v=1" : "?force=1";
    return act(docker, "DELETE", name, rest, MARGIN_MS, true, error) ||
           error_wrap(error, "removing");
}
