/* compose_stop.c: compose.stop, compose.start, compose.list_volumes and compose.down: an
 * application kept from its database for a time, and a developer's stack taken down with its data.
 */
#include "steps/actions.h"
#include "steps/compose/compose_common.h"

#include "base/json.h"
#include "docker/lifecycle.h"

#include <string.h>
#include <unistd.h>

#define MARGIN_MS 300000L

/* ---- compose.stop ---- */

/* What is done with each container of the services. */
typedef bool one(struct step_run *run, struct docker *docker, const char *name,
                 struct error *error);

static bool each_of(struct step_run *run, struct docker *docker, const char *service, one *work,
                    struct error *error)
{
    cJSON *list = NULL;
    const cJSON *entry;
    bool done = stack_containers(docker, step_text(run, "project"), service, &list, error);
    if (done && !cJSON_GetArraySize(list))
        done = error_set(error, ERROR_OTHER, "service %s has no container", service);
    cJSON_ArrayForEach(entry, list)
    {
        done = done && work(run, docker, docker_listed_name(entry), error);
    }
    cJSON_Delete(list);
    return done;
}

static bool each_container(struct step_run *run, one *work, struct error *error)
{
    struct text_list services = {0};
    struct docker *docker = docker_open(error);
    bool done = docker != NULL;
    stack_services(run, "services", &services);
    for (size_t i = 0; done && i < services.count; i++)
        done = each_of(run, docker, services.items[i], work, error);
    text_list_free(&services);
    docker_close(docker);
    return done;
}

static bool stop(struct step_run *run, struct docker *docker, const char *name, struct error *error)
{
    bool done = docker_stop(docker, name, step_duration(run, "grace"), error);
    if (done)
        step_log(run, "stopped %s", name);
    return done;
}

static bool run_stop(struct step_run *run, struct error *error)
{
    return each_container(run, stop, error);
}

static bool start(struct step_run *run, struct docker *docker, const char *name,
                  struct error *error)
{
    bool done = docker_start(docker, name, error);
    if (done)
        step_log(run, "%s runs", name);
    return done;
}

static bool run_start(struct step_run *run, struct error *error)
{
    return each_container(run, start, error);
}

static const struct argument stop_arguments[] = {
    {"project", ARGUMENT_TEXT, true, NULL, NULL, "the stack's Compose project"},
    {"services", ARGUMENT_LIST, true, NULL, NULL, "the services whose containers are stopped"},
    {"grace", ARGUMENT_DURATION, false, "30s", NULL, "time before they are killed"},
    {0},
};

const struct action compose_stop_action = {"compose.stop", DANGER_CHANGE,
                                           "stop services of the stack", stop_arguments, run_stop};

static const struct argument start_arguments[] = {
    {"project", ARGUMENT_TEXT, true, NULL, NULL, "the stack's Compose project"},
    {"services", ARGUMENT_LIST, true, NULL, NULL, "the services whose containers are started"},
    {0},
};

const struct action compose_start_action = {"compose.start", DANGER_CHANGE,
                                            "start stopped services as they are", start_arguments,
                                            run_start};

/* ---- compose.list_volumes, compose.down ---- */

static bool goes(const cJSON *volume)
{
    return !cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(volume, "external"));
}

static bool list_volumes(struct step_run *run, const cJSON *config)
{
    const cJSON *volume;
    struct text names = {0};
    cJSON_ArrayForEach(volume, cJSON_GetObjectItemCaseSensitive(config, "volumes"))
    {
        const char *name = json_text(volume, "name");
        step_check(run, name ? name : volume->string, goes(volume) ? VERDICT_WARN : VERDICT_PASS,
                   goes(volume) ? "is removed with its data" : "stays, as it is external");
        if (goes(volume))
            text_printf(&names, "%s%s", names.length ? ", " : "", name ? name : volume->string);
    }
    step_fact_text(run, "compose.volumes", names.length ? text_string(&names) : "none");
    text_free(&names);
    return true;
}

static bool run_list_volumes(struct step_run *run, struct error *error)
{
    struct stack stack = {0};
    cJSON *config = NULL;
    struct docker *docker = docker_open(error);
    bool done = docker && stack_open(run, docker, &stack, error) &&
                compose_config(&stack.project, &config, error) && list_volumes(run, config);
    cJSON_Delete(config);
    stack_close(&stack);
    docker_close(docker);
    return done;
}

static void log_line(void *context, const char *line, bool from_stderr)
{
    (void)from_stderr;
    if (*line)
        step_log(context, "compose: %s", line);
}

static bool run_down(struct step_run *run, struct error *error)
{
    struct stack stack = {0};
    int lock = -1;
    struct compose_up down = {.grace_ms = step_duration(run, "grace"),
                              .timeout_ms = step_duration(run, "grace") + MARGIN_MS,
                              .on_line = log_line,
                              .context = run};
    struct docker *docker = docker_open(error);
    bool done = docker && stack_lock(run, down.timeout_ms, &lock, error) &&
                stack_open(run, docker, &stack, error) &&
                compose_down_with_volumes(&stack.project, &down, error);
    stack_close(&stack);
    if (lock >= 0)
        close(lock);
    docker_close(docker);
    return done;
}

static const struct argument stack_arguments[] = {
    {"file", ARGUMENT_TEXT, true, NULL, NULL, "the compose file; several with commas"},
    {"project", ARGUMENT_TEXT, true, NULL, NULL, "the stack's Compose project"},
    {0},
};

const struct action compose_list_volumes_action = {
    "compose.list_volumes", DANGER_READ,
    "list the stack's volumes, and record those that compose.down removes (compose.volumes)",
    stack_arguments, run_list_volumes};

static const struct argument down_arguments[] = {
    {"file", ARGUMENT_TEXT, true, NULL, NULL, "the compose file; several with commas"},
    {"project", ARGUMENT_TEXT, true, NULL, NULL, "the stack's Compose project, and no other"},
    {"grace", ARGUMENT_DURATION, false, "30s", NULL, "time for the containers to stop"},
    {0},
};

const struct action compose_down_action = {
    "compose.down", DANGER_DESTRUCTIVE,
    "remove the stack's containers, networks and its own volumes with their data", down_arguments,
    run_down};
