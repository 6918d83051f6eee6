/* stack_list.c: which containers of a stack are which, and whether they are up. */
#include "steps/compose/stack_list.h"

#include "steps/compose/compose_common.h"
#include "steps/docker/docker_common.h"

#include "base/clock.h"
#include "base/json.h"
#include "docker/lifecycle.h"

#include <string.h>

#define LOOK_EVERY_MS 50
#define LOG_LINES 15

const cJSON *stack_list_find(const cJSON *list, const char *name)
{
    const cJSON *entry;
    cJSON_ArrayForEach(entry, list)
    {
        if (text_equal(docker_listed_name(entry), name))
            return entry;
    }
    return NULL;
}

bool stack_list_is_of(const struct text_list *services, const cJSON *entry)
{
    const char *service =
        json_text(cJSON_GetObjectItemCaseSensitive(entry, "Labels"), COMPOSE_LABEL("service"));
    return !services->count || (service && text_list_has(services, service));
}

static bool is_up(const cJSON *entry)
{
    const char *state = json_text(entry, "State"), *status = json_text(entry, "Status");
    bool waiting =
        status && (strstr(status, "(health: starting)") || strstr(status, "(unhealthy)"));
    return text_equal(state, "running") && !waiting;
}

static bool not_up(struct step_run *run, struct docker *docker, const cJSON *entry,
                   struct error *error)
{
    const char *status = json_text(entry, "Status");
    step_show_log(run, docker, docker_listed_name(entry), LOG_LINES);
    error_set(error, ERROR_OTHER, "container %s doesn't come up: %s", docker_listed_name(entry),
              status ? status : "?");
    return error_remedy(error, "Its last log lines stand above. Retry, or roll back: R.");
}

/* One-off jobs that end with status 0 are up, too. */
static bool has_ended_well(const cJSON *entry)
{
    const char *status = json_text(entry, "Status");
    return status && text_starts(status, "Exited (0)");
}

bool stack_wait_up(struct step_run *run, struct docker *docker, const struct text_list *services,
                   long timeout_ms, struct error *error)
{
    int64_t deadline = clock_monotonic_ms() + timeout_ms;
    for (;;) {
        cJSON *list = NULL;
        const cJSON *entry, *down = NULL;
        if (!stack_containers(docker, step_text(run, "project"), NULL, &list, error))
            return false;
        cJSON_ArrayForEach(entry, list)
        {
            if (stack_list_is_of(services, entry) && !is_up(entry) && !has_ended_well(entry))
                down = entry;
        }
        bool over = !down || clock_monotonic_ms() >= deadline;
        if (over && down)
            not_up(run, docker, down, error);
        cJSON_Delete(list);
        if (over)
            return !down;
        clock_sleep_ms(LOOK_EVERY_MS);
    }
}
