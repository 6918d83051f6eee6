/* logs.c: what a container has written, both of its streams in the order they came. */
#include "docker/logs.h"

#include "base/json.h"
#include "docker/connection.h"
#include "docker/demux.h"

#include <inttypes.h>
#include <stdlib.h>

#define LOGS_MS 60000L

struct gathering {
    struct demux demux;
    struct text *text;
    size_t limit;
};

static bool keep(void *context, const char *bytes, size_t length, struct error *error)
{
    struct gathering *gathering = context;
    size_t room =
        gathering->text->length < gathering->limit ? gathering->limit - gathering->text->length : 0;
    (void)error;
    text_append(gathering->text, bytes, length < room ? length : room);
    return true;
}

static bool take(void *context, const char *bytes, size_t length, struct error *error)
{
    return demux_feed(&((struct gathering *)context)->demux, bytes, length, error);
}

static char *path_of(const char *name, int64_t since_ms, long tail)
{
    char *part = docker_escape(name);
    struct text path = {0};
    text_printf(&path, "/containers/%s/logs?stdout=1&stderr=1", part);
    if (since_ms > 0)
        text_printf(&path, "&since=%" PRId64 ".%03" PRId64, since_ms / 1000, since_ms % 1000);
    if (tail > 0)
        text_printf(&path, "&tail=%ld", tail);
    free(part);
    return text_take(&path);
}

bool docker_logs(struct docker *docker, const char *name, int64_t since_ms, long tail, size_t limit,
                 struct text *text, struct error *error)
{
    struct docker_container container;
    if (!docker_inspect(docker, name, &container, error))
        return false;
    struct gathering gathering = {.text = text, .limit = limit};
    gathering.demux = (struct demux){.output = keep, .error_output = keep, .context = &gathering};
    gathering.demux.raw = json_true_at(container.inspect, "Config.Tty");
    docker_container_free(&container);
    char *path = path_of(name, since_ms, tail);
    struct docker_request request = {
        .method = "GET", .path = path, .timeout_ms = LOGS_MS, .take = take, .context = &gathering};
    int status = 0;
    cJSON *refusal = NULL;
    bool called = docker_stream(docker, &request, &status, &refusal, error);
    free(path);
    if (!called)
        return error_wrap(error, "reading the log of %s", name);
    if (!docker_accepted(status, refusal, error, "reading the log of %s", name))
        return false;
    cJSON_Delete(refusal);
    return true;
}
