/* once.c: a throw-away container: created, started, waited for, read, removed. */
#include "docker/once.h"

#include "base/json.h"
#include "docker/connection.h"
#include "docker/lifecycle.h"
#include "docker/logs.h"

#include <stdlib.h>

#define TIMEOUT_MS 60000L
#define CHANGE_TIMEOUT_MS 600000L /* removing many files takes its time */
#define OUTPUT_MAX ((size_t)1 << 20)

struct once {
    const char *image;
    const char *const *arguments;
    const char *volume, *target; /* or NULL */
    bool change;                 /* the volume is mounted so that it can be written */
};

static void add_volume(cJSON *host, const struct once *once)
{
    char *bind = xprintf("%s:%s:%s", once->volume, once->target, once->change ? "rw" : "ro");
    cJSON_AddItemToArray(cJSON_AddArrayToObject(host, "Binds"), cJSON_CreateString(bind));
    free(bind);
}

static cJSON *creation(const struct once *once)
{
    const char *const *arguments = once->arguments;
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "Image", once->image);
    cJSON *entry = cJSON_AddArrayToObject(body, "Entrypoint");
    for (; *arguments; arguments++)
        cJSON_AddItemToArray(entry, cJSON_CreateString(*arguments));
    cJSON_AddArrayToObject(body, "Cmd");
    cJSON_AddBoolToObject(body, "NetworkDisabled", true);
    cJSON *host = cJSON_AddObjectToObject(body, "HostConfig");
    cJSON_AddStringToObject(host, "NetworkMode", "none");
    if (once->volume)
        add_volume(host, once);
    cJSON_AddStringToObject(cJSON_AddObjectToObject(body, "Labels"), "org.pgrunbook", "1");
    return body;
}

static bool create(struct docker *docker, const struct once *once, char **id, struct error *error)
{
    int status = 0;
    cJSON *answer = NULL, *body = creation(once);
    bool called =
        docker_call(docker, "POST", "/containers/create", body, 0, &status, &answer, error);
    cJSON_Delete(body);
    if (!called || !docker_accepted(status, answer, error, "a container of image %s", once->image))
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

static bool run_once(struct docker *docker, const struct once *once, long timeout_ms,
                     struct text *output, int *exit_status, struct error *error)
{
    char *id = NULL;
    struct error ignored = ERROR_INIT;
    bool done = create(docker, once, &id, error) && docker_start(docker, id, error) &&
                wait_end(docker, id, timeout_ms ? timeout_ms : TIMEOUT_MS, exit_status, error) &&
                docker_logs(docker, id, 0, 0, OUTPUT_MAX, output, error);
    if (id && !docker_remove(docker, id, true, done ? error : &ignored))
        done = false;
    free(id);
    return done || error_wrap(error, "looking into image %s", once->image);
}

bool docker_once(struct docker *docker, const char *image, const char *const *arguments,
                 long timeout_ms, struct text *output, int *exit_status, struct error *error)
{
    const struct once once = {.image = image, .arguments = arguments};
    return run_once(docker, &once, timeout_ms, output, exit_status, error);
}

bool docker_once_reading(struct docker *docker, const char *image, const char *const *arguments,
                         const char *volume, const char *target, struct text *output,
                         int *exit_status, struct error *error)
{
    const struct once once = {
        .image = image, .arguments = arguments, .volume = volume, .target = target};
    return run_once(docker, &once, 0, output, exit_status, error);
}

bool docker_once_changing(struct docker *docker, const char *image, const char *const *arguments,
                          const char *volume, const char *target, struct text *output,
                          int *exit_status, struct error *error)
{
    const struct once once = {
        .image = image, .arguments = arguments, .volume = volume, .target = target, .change = true};
    return run_once(docker, &once, CHANGE_TIMEOUT_MS, output, exit_status, error);
}
