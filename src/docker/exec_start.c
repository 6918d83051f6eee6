/* exec_start.c: the two calls that begin a command inside a container (Docker Engine API, "Exec").
 */
#include "docker/exec_start.h"

#include "base/json.h"

#include <stdlib.h>

static cJSON *strings(const char *const *items)
{
    cJSON *array = cJSON_CreateArray();
    for (; items && *items; items++)
        cJSON_AddItemToArray(array, cJSON_CreateString(*items));
    return array;
}

static cJSON *creation(const struct docker_exec *exec, bool input)
{
    cJSON *body = cJSON_CreateObject();
    cJSON_AddBoolToObject(body, "AttachStdin", input);
    cJSON_AddBoolToObject(body, "AttachStdout", true);
    cJSON_AddBoolToObject(body, "AttachStderr", true);
    cJSON_AddBoolToObject(body, "Tty", false);
    cJSON_AddItemToObject(body, "Cmd", strings(exec->arguments));
    if (exec->environment)
        cJSON_AddItemToObject(body, "Env", strings(exec->environment));
    if (exec->user)
        cJSON_AddStringToObject(body, "User", exec->user);
    return body;
}

static bool explain_refusal(int status, const char *container, struct error *error)
{
    if (status == 404)
        return error_remedy(error, "Check the container's name: docker ps -a");
    if (status == 409)
        return error_remedy(error, "The container has to run: docker start %s", container);
    return false;
}

bool exec_create(struct docker *docker, const struct docker_exec *exec, bool input, char **id,
                 struct error *error)
{
    char *part = docker_escape(exec->container);
    char *path = xprintf("/containers/%s/exec", part);
    cJSON *body = creation(exec, input), *answer = NULL;
    int status = 0;
    bool called = docker_call(docker, "POST", path, body, 0, &status, &answer, error);
    cJSON_Delete(body);
    free(path);
    free(part);
    if (!called)
        return error_wrap(error, "running %s in %s", exec->arguments[0], exec->container);
    if (!docker_accepted(status, answer, error, "running %s in container %s", exec->arguments[0],
                         exec->container))
        return explain_refusal(status, exec->container, error);
    const char *text = json_text(answer, "Id");
    *id = text ? xstrdup(text) : NULL;
    cJSON_Delete(answer);
    return *id ||
           error_set(error, ERROR_DOCKER, "Docker made no id for a command in %s", exec->container);
}

bool exec_start(struct docker *docker, const char *id, struct hijack *hijack, struct error *error)
{
    char *path = xprintf("/exec/%s/start", id);
    cJSON *body = cJSON_CreateObject();
    cJSON_AddBoolToObject(body, "Detach", false);
    cJSON_AddBoolToObject(body, "Tty", false);
    bool opened = hijack_open(docker, path, body, hijack, error);
    cJSON_Delete(body);
    free(path);
    return opened;
}
