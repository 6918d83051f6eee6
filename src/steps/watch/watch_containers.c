/* watch_containers.c: tells once a second how the runbook's containers are. */
#include "steps/watch/watch_parts.h"

#include "base/text.h"
#include "docker/watch.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#define PERIOD_MS 1000

bool watch_containers_wanted(const struct runbook *runbook)
{
    return runbook->watch_containers.count > 0;
}

/* The names with their variables filled in; an empty one (no application container) is left out. */
static struct text_list expanded_names(const struct step_run *run)
{
    struct text_list names = {0};
    for (size_t i = 0; i < run->runbook->watch_containers.count; i++) {
        struct error ignored = ERROR_INIT; /* the loader has seen to it that it can be expanded */
        char *name = runbook_expand_text(run->runbook, run->runbook->watch_containers.items[i],
                                         NULL, EXPAND_MASKED, &ignored);
        if (name && *name && !text_list_has(&names, name))
            text_list_add(&names, name);
        free(name);
    }
    return names;
}

static void tell(struct step_run *run, const struct docker_watched *watched)
{
    cJSON *message = watch_message("container");
    cJSON_AddStringToObject(message, "name", watched->name);
    cJSON_AddStringToObject(message, "image", watched->image ? watched->image : "");
    cJSON_AddStringToObject(message, "state", watched->state ? watched->state : "");
    cJSON_AddStringToObject(message, "health", watched->health ? watched->health : "");
    cJSON_AddNumberToObject(message, "cpu", watched->cpu_percent);
    cJSON_AddNumberToObject(message, "memory", watched->memory_bytes);
    cJSON_AddNumberToObject(message, "started", (double)watched->started_ms);
    run->report(run->context, message);
}

static void tell_trouble(struct step_run *run, const char *name, const struct error *error)
{
    cJSON *message = watch_message("container");
    cJSON_AddStringToObject(message, "name", name);
    cJSON_AddStringToObject(message, "trouble", error->message);
    run->report(run->context, message);
}

static bool look(struct step_run *run, struct docker *docker, struct docker_watch *watch,
                 const struct text_list *names, struct error *error)
{
    struct docker_watched *watched = xcalloc(names->count, sizeof *watched);
    bool looked = docker_watch_look(docker, watch, (const char *const *)names->items, names->count,
                                    watched, error);
    for (size_t i = 0; i < names->count; i++) {
        if (looked)
            tell(run, &watched[i]);
        docker_watched_free(&watched[i]);
    }
    free(watched);
    return looked;
}

void watch_containers(struct step_run *run, int commands)
{
    struct text_list names = expanded_names(run);
    struct docker_watch *watch = docker_watch_new();
    struct docker *docker = NULL;
    struct pollfd engine = {.fd = commands, .events = POLLIN};
    char ignored[64];
    for (;;) {
        struct error error = ERROR_INIT;
        if (!docker)
            docker = docker_open(&error);
        bool looked = docker && look(run, docker, watch, &names, &error);
        for (size_t i = 0; !looked && i < names.count; i++)
            tell_trouble(run, names.items[i], &error);
        if (!looked) {
            docker_close(docker);
            docker = NULL;
        }
        /* Any command only cuts the pause short; the pipe's end means that the engine is gone. */
        if (poll(&engine, 1, PERIOD_MS) > 0 && read(commands, ignored, sizeof ignored) <= 0)
            break;
    }
    docker_close(docker);
    docker_watch_free(watch);
    text_list_free(&names);
}
