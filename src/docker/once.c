/* once.c: a throw-away container: created, started, waited for, read, removed. */
#include "docker/once.h"

#include "base/json.h"
#include "docker/connection.h"
#include "docker/lifecycle.h"
#include "docker/logs.h"

#include <stdlib.h>

#define TIMEOUT_MS 60000L
#define OUTPUT_MAX ((size_t)1 << 20)

static cJSON *creation(const char *image, const char *const *arguments)
{
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "Image", image);
    cJSON *entry = cJSON_AddArrayToObject(body, "Entrypoint");
    for (; *arguments; arguments++)
        cJSON_AddItemToArray(entry, cJSON_CreateString(*arguments));
    cJSON_AddArrayToObject(body, "Cmd");
    cJSON_AddBoolToObject(body, "NetworkDisabled", true);
    cJSON_AddStringToObject(cJSON_AddObjectToObject(body, "HostConfig"), "NetworkMode", "none");
    cJSON_AddStringToObject(cJSON_AddObjectToObject(body, "Labels"), "org.pgrunbook", "1");
    return body;
}

static bool create(struct docker *docker, const char *image, const char *const *arguments,
                   char **id, struct error *error)
{
    int status = 0;
    cJSON *answer = NULL, *body = creation(image, arguments);
    bool called =
        docker_call(docker, "POST", "/containers/create", body, 0, &status, &answer, error);
    cJSON_Delete(body);
    if (!called || !docker_accepted(status, answer, error, "a container of image %s", image))
        return false;
    const char *text = json_text(answer, "Id");
    *id = text ? xstrdup(text) : NULL;
    cJSON_Delete(answer);
    return *id || error_set(error, ERROR_DOCKER, "Docker made a container without an id");
}

static bool wait_end(struct docker *docker, const char *id, long timeout_ms, int *exit_status,
                     struct error *error)
{
    int status = 0;
    cJSON *answer = NULL;
    char *path = xprintf("/containers/%s/wait", id);
    bool ended = docker_call(docker, "POST", path, NULL, timeout_ms, &status, &answer, error) &&
                 docker_accepted(status, answer, error, "waiting for the container");
    free(path);
    if (!ended)
        return false;
    *exit_status = (int)json_number_at(answer, "StatusCode");
    cJSON_Delete(answer);
    return true;
}

bool docker_once(struct docker *docker, const char *image, const char *const *arguments,
                 long timeout_ms, struct text *output, int *exit_status, struct error *error)
{
    char *id = NULL;
    struct error ignored = ERROR_INIT;
    bool done = create(docker, image, arguments, &id, error) && docker_start(docker, id, error) &&
                wait_end(docker, id, timeout_ms ? timeout_ms : TIMEOUT_MS, exit_status, error) &&
                docker_logs(docker, id, 0, 0, OUTPUT_MAX, output, error);
    if (id && !docker_remove(docker, id, true, done ? error : &ignored))
        done = false;
    free(id);
    return done || error_wrap(error, "looking into image %s", image);
}
