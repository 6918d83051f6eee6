/* pull.c: an image fetched from its registry, with progress in bytes. */
#include "docker/image.h"

#include "base/json.h"
#include "docker/connection.h"

#include <stdlib.h>
#include <string.h>

#define SILENCE_MS 600000L
#define LINE_MAX_BYTES ((size_t)1 << 20)

struct layer {
    char *id;
    double done, total;
};

struct pull {
    struct text line;
    struct layer *layers;
    size_t count;
    char *failure; /* the registry's or the engine's words */
    void (*progress)(void *context, double done, double total);
    void *context;
};

static struct layer *layer_of(struct pull *pull, const char *id)
{
    for (size_t i = 0; i < pull->count; i++)
        if (!strcmp(pull->layers[i].id, id))
            return &pull->layers[i];
    pull->layers = xrealloc(pull->layers, (pull->count + 1) * sizeof *pull->layers);
    pull->layers[pull->count] = (struct layer){.id = xstrdup(id)};
    return &pull->layers[pull->count++];
}

static void tell(const struct pull *pull)
{
    double done = 0, total = 0;
    for (size_t i = 0; i < pull->count; i++) {
        done += pull->layers[i].done;
        total += pull->layers[i].total;
    }
    if (pull->progress && total > 0)
        pull->progress(pull->context, done, total);
}

static void take_layer(struct pull *pull, const cJSON *object)
{
    const char *id = json_text(object, "id"), *status = json_text(object, "status");
    if (!id || !status)
        return;
    if (!strcmp(status, "Downloading")) {
        struct layer *layer = layer_of(pull, id);
        layer->done = json_number_at(object, "progressDetail.current");
        layer->total = json_number_at(object, "progressDetail.total");
        tell(pull);
    } else if (!strcmp(status, "Download complete") || !strcmp(status, "Pull complete")) {
        struct layer *layer = layer_of(pull, id);
        layer->done = layer->total;
        tell(pull);
    }
}

static void take_line(struct pull *pull, const char *line, size_t length)
{
    cJSON *object = cJSON_ParseWithLength(line, length);
    const char *failure = json_text(object, "error");
    if (failure && !pull->failure)
        pull->failure = xstrdup(failure);
    take_layer(pull, object);
    cJSON_Delete(object);
}

static bool take(void *context, const char *bytes, size_t length, struct error *error)
{
    struct pull *pull = context;
    text_append(&pull->line, bytes, length);
    if (pull->line.length > LINE_MAX_BYTES)
        return error_set(error, ERROR_DOCKER, "Docker's progress report has a line without end");
    const char *end;
    while (pull->line.length && (end = memchr(pull->line.bytes, '\n', pull->line.length))) {
        size_t used = (size_t)(end - pull->line.bytes);
        take_line(pull, pull->line.bytes, used);
        text_consume(&pull->line, used + 1);
    }
    return true;
}

/* The engine would pull every tag of a name that has none. */
static char *path_of(const char *name)
{
    const char *slash = strrchr(name, '/');
    bool tagged = strchr(name, '@') || strchr(slash ? slash : name, ':');
    char *part = docker_escape(name);
    char *path = xprintf("/images/create?fromImage=%s%s", part, tagged ? "" : "&tag=latest");
    free(part);
    return path;
}

static void pull_free(struct pull *pull)
{
    for (size_t i = 0; i < pull->count; i++)
        free(pull->layers[i].id);
    free(pull->layers);
    free(pull->failure);
    text_free(&pull->line);
}

static bool cannot_be_had(const char *name, const char *why, struct error *error)
{
    error_set(error, ERROR_OTHER, "image %s can't be had: %s", name, why);
    return error_remedy(error,
                        "Check the name and this machine's way to the registry (docker pull %s). "
                        "A private registry wants docker login and docker pull by hand first; an "
                        "image that is present is not pulled again.",
                        name);
}

bool docker_image_pull(struct docker *docker, const char *name,
                       void (*progress)(void *context, double done, double total), void *context,
                       struct error *error)
{
    struct pull pull = {.progress = progress, .context = context};
    char *path = path_of(name);
    struct docker_request request = {
        .method = "POST", .path = path, .silence_ms = SILENCE_MS, .take = take, .context = &pull};
    int status = 0;
    cJSON *refusal = NULL;
    bool done = docker_stream(docker, &request, &status, &refusal, error);
    if (done && pull.line.length)
        take_line(&pull, pull.line.bytes, pull.line.length);
    if (!done)
        error_wrap(error, "pulling image %s", name);
    else if (status >= 400)
        done = cannot_be_had(name, docker_message(refusal), error);
    else if (pull.failure)
        done = cannot_be_had(name, pull.failure, error);
    cJSON_Delete(refusal);
    free(path);
    pull_free(&pull);
    return done;
}
