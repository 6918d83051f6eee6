/* helper.c: a helper container, bound to a stream of this process. */
#include "docker/helper.h"

#include "base/json.h"
#include "docker/hijack.h"
#include "docker/lifecycle.h"
#include "docker/network.h"

#include <stdlib.h>

#define CREATE_MS 60000L

struct docker_helper {
    struct docker *docker;
    char *id;
    struct hijack input; /* its end is the container's end */
};

static void add_text_list(cJSON *object, const char *name, const char *item)
{
    cJSON *list = cJSON_AddArrayToObject(object, name);
    if (item)
        cJSON_AddItemToArray(list, cJSON_CreateString(item));
}

static void add_mount(cJSON *host, const struct docker_helper_creation *creation)
{
    cJSON *mount = cJSON_CreateObject();
    cJSON_AddStringToObject(mount, "Type", "bind");
    cJSON_AddStringToObject(mount, "Source", creation->directory);
    cJSON_AddStringToObject(mount, "Target", HELPER_DIRECTORY);
    cJSON_AddBoolToObject(mount, "ReadOnly", creation->read_only);
    cJSON_AddItemToArray(cJSON_AddArrayToObject(host, "Mounts"), mount);
}

/* `cat` waits for its input's end; the kernel ends what was started beside a container's first
 * process together with it. */
static cJSON *body_of(const struct docker_helper_creation *creation)
{
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "Image", creation->image);
    add_text_list(body, "Entrypoint", "cat");
    add_text_list(body, "Cmd", NULL);
    cJSON_AddStringToObject(body, "User", creation->user);
    cJSON_AddBoolToObject(body, "AttachStdin", true);
    cJSON_AddBoolToObject(body, "OpenStdin", true);
    cJSON_AddBoolToObject(body, "StdinOnce", true);
    add_text_list(cJSON_AddObjectToObject(body, "Healthcheck"), "Test", "NONE");
    cJSON_AddItemToObject(body, "Labels", cJSON_Duplicate(creation->labels, true));
    cJSON *host = cJSON_AddObjectToObject(body, "HostConfig");
    cJSON_AddStringToObject(host, "NetworkMode", creation->network);
    cJSON_AddBoolToObject(host, "AutoRemove", true);
    if (creation->directory)
        add_mount(host, creation);
    return body;
}

static bool create(struct docker_helper *helper, const struct docker_helper_creation *creation,
                   struct error *error)
{
    int status = 0;
    cJSON *answer = NULL, *body = body_of(creation);
    bool called = docker_call(helper->docker, "POST", "/containers/create", body, CREATE_MS,
                              &status, &answer, error);
    cJSON_Delete(body);
    if (!called ||
        !docker_accepted(status, answer, error, "a container of image %s with %s in it",
                         creation->image, creation->directory ? creation->directory : "nothing"))
        return false;
    const char *text = json_text(answer, "Id");
    helper->id = text ? xstrdup(text) : NULL;
    cJSON_Delete(answer);
    return helper->id || error_set(error, ERROR_DOCKER, "Docker made a container without an id");
}

/* Before the start: otherwise its process could outlive us in between. */
static bool attach(struct docker_helper *helper, struct error *error)
{
    char *path = xprintf("/containers/%s/attach?stream=1&stdin=1", helper->id);
    cJSON *body = cJSON_CreateObject();
    bool attached = hijack_open(helper->docker, path, body, &helper->input, error);
    cJSON_Delete(body);
    free(path);
    return attached;
}

struct docker_helper *docker_helper_open(struct docker *docker,
                                         const struct docker_helper_creation *creation,
                                         struct error *error)
{
    struct docker_helper *helper = xcalloc(1, sizeof *helper);
    helper->docker = docker;
    if (create(helper, creation, error) && attach(helper, error) &&
        (!creation->cut_off ||
         docker_network_leave(docker, creation->network, helper->id, error)) &&
        docker_start(docker, helper->id, error))
        return helper;
    error_wrap(error, "making a helper container");
    docker_helper_close(helper);
    return NULL;
}

const char *docker_helper_id(const struct docker_helper *helper)
{
    return helper->id;
}

void docker_helper_close(struct docker_helper *helper)
{
    struct error ignored = ERROR_INIT; /* the engine removes it in any case */
    if (!helper)
        return;
    if (helper->id)
        docker_remove(helper->docker, helper->id, true, &ignored);
    hijack_close(&helper->input);
    free(helper->id);
    free(helper);
}
