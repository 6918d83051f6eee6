/* exec_collect.c: a short command inside a container, with both of its outputs collected. */
#include "docker/docker.h"

#define COLLECT_MAX ((size_t)1 << 20)
#define SILENCE_MS 60000L

struct collection {
    struct text *output, *error_output;
};

static void collect(struct text *text, const char *bytes, size_t length)
{
    size_t room = !text || text->length >= COLLECT_MAX ? 0 : COLLECT_MAX - text->length;
    if (room)
        text_append(text, bytes, length < room ? length : room);
}

static bool collect_output(void *context, const char *bytes, size_t length, struct error *error)
{
    (void)error;
    collect(((struct collection *)context)->output, bytes, length);
    return true;
}

static bool collect_error(void *context, const char *bytes, size_t length, struct error *error)
{
    (void)error;
    collect(((struct collection *)context)->error_output, bytes, length);
    return true;
}

bool docker_exec_collect(struct docker *docker, const char *container, const char *const *arguments,
                         struct text *output, struct text *error_output, int *exit_status,
                         struct error *error)
{
    struct collection collection = {output, error_output};
    struct docker_exec exec = {
        .container = container,
        .arguments = arguments,
        .write = collect_output,
        .write_error = collect_error,
        .context = &collection,
        .timeout_ms = SILENCE_MS,
    };
    return docker_exec_run(docker, &exec, exit_status, error);
}
