/* compose_verify.c: compose.verify: every service of the stack has containers that run. */
#include "steps/actions.h"
#include "steps/compose/compose_common.h"

#include "base/clock.h"
#include "base/json.h"
#include "docker/lifecycle.h"

#include <stdlib.h>
#include <string.h>

#define LOOK_EVERY_MS 500L

enum service_state { SERVICE_GOOD, SERVICE_WAITING, SERVICE_BAD };

/* A job that others only wait for to end well ("service_completed_successfully"). */
static bool is_job(const cJSON *services, const char *name)
{
    const cJSON *service;
    cJSON_ArrayForEach(service, services)
    {
        const cJSON *dependency = cJSON_GetObjectItemCaseSensitive(
            cJSON_GetObjectItemCaseSensitive(service, "depends_on"), name);
        if (text_equal(json_text(dependency, "condition"), "service_completed_successfully"))
            return true;
    }
    return false;
}

/* A service that is scaled to nothing has no container to look at. */
static bool is_off(const cJSON *service)
{
    const cJSON *replicas = json_at(service, "deploy.replicas");
    const cJSON *scale = json_at(service, "scale");
    return (cJSON_IsNumber(replicas) && replicas->valueint == 0) ||
           (cJSON_IsNumber(scale) && scale->valueint == 0);
}

static enum service_state state_of(const cJSON *entry, bool job)
{
    const char *state = json_text(entry, "State"), *status = json_text(entry, "Status");
    if (!state || !status)
        return SERVICE_BAD;
    if (job && !strcmp(state, "exited"))
        return text_starts(status, "Exited (0)") ? SERVICE_GOOD : SERVICE_BAD;
    if (strcmp(state, "running") != 0)
        return !strcmp(state, "created") || !strcmp(state, "restarting") ? SERVICE_WAITING
                                                                         : SERVICE_BAD;
    if (strstr(status, "(health: starting)"))
        return SERVICE_WAITING;
    return strstr(status, "(unhealthy)") ? SERVICE_BAD : SERVICE_GOOD;
}

/* The worst of the service's containers; `detail` gets their states in words. */
static enum service_state look_at(const cJSON *list, const char *service, bool job,
                                  struct text *detail)
{
    enum service_state worst = SERVICE_GOOD;
    const cJSON *entry;
    bool any = false;
    cJSON_ArrayForEach(entry, list)
    {
        const char *label = json_text(cJSON_GetObjectItemCaseSensitive(entry, "Labels"),
                                      "com.docker.compose.service");
        if (!text_equal(label, service))
            continue;
        enum service_state state = state_of(entry, job);
        const char *status = json_text(entry, "Status");
        worst = state > worst ? state : worst;
        text_printf(detail, "%s%s: %s", any ? ", " : "", docker_listed_name(entry),
                    status ? status : "?");
        any = true;
    }
    if (!any)
        text_add(detail, "has no container");
    return any ? worst : SERVICE_BAD;
}

/* Looks at all services; with `report` says each one's state. Returns the worst; `first` gets the
 * name and state of the first that isn't good. */
static enum service_state survey(struct step_run *run, const cJSON *config, const cJSON *list,
                                 bool report, struct text *first)
{
    const cJSON *services = cJSON_GetObjectItemCaseSensitive(config, "services"), *service;
    enum service_state worst = SERVICE_GOOD;
    cJSON_ArrayForEach(service, services)
    {
        struct text detail = {0};
        if (is_off(service))
            continue;
        enum service_state state =
            look_at(list, service->string, is_job(services, service->string), &detail);
        worst = state > worst ? state : worst;
        if (state != SERVICE_GOOD && first->length == 0)
            text_printf(first, "service %s: %s", service->string, text_string(&detail));
        if (report)
            step_check(run, service->string, state == SERVICE_GOOD ? VERDICT_PASS : VERDICT_FAIL,
                       "%s", text_string(&detail));
        text_free(&detail);
    }
    return worst;
}

static bool not_all(const struct text *first, struct error *error)
{
    error_set(error, ERROR_OTHER, "not every service runs: %s", text_string(first));
    return error_remedy(error, "docker compose ps -a and docker logs CONTAINER say why; then retry "
                               "this step, or roll back.");
}

/* A container that has just been started may take its time to become healthy. */
static bool wait_for_services(struct step_run *run, struct docker *docker, const cJSON *config,
                              struct error *error)
{
    int64_t deadline = clock_monotonic_ms() + step_duration(run, "for");
    for (;;) {
        struct text first = {0};
        cJSON *list = NULL;
        if (!stack_containers(docker, step_text(run, "project"), NULL, &list, error))
            return false;
        bool last = clock_monotonic_ms() >= deadline;
        enum service_state worst = survey(run, config, list, false, &first);
        bool over = worst == SERVICE_GOOD || last;
        if (over)
            survey(run, config, list, true, &first);
        if (over && worst != SERVICE_GOOD)
            not_all(&first, error);
        text_free(&first);
        cJSON_Delete(list);
        if (over)
            return worst == SERVICE_GOOD;
        clock_sleep_ms(LOOK_EVERY_MS);
    }
}

static bool run_verify(struct step_run *run, struct error *error)
{
    struct stack stack = {0};
    cJSON *config = NULL;
    struct docker *docker = docker_open(error);
    bool done = docker && stack_open(run, docker, &stack, error) &&
                compose_config(&stack.project, &config, error) &&
                wait_for_services(run, docker, config, error);
    cJSON_Delete(config);
    stack_close(&stack);
    docker_close(docker);
    return done;
}

static const struct argument arguments[] = {
    {"file", ARGUMENT_TEXT, true, NULL, NULL, "the compose file; several with commas"},
    {"project", ARGUMENT_TEXT, true, NULL, NULL, "the stack's Compose project"},
    {"for", ARGUMENT_DURATION, false, "60s", NULL, "time for all to run and become healthy"},
    {0},
};

const struct action compose_verify_action = {
    .name = "compose.verify",
    .danger = DANGER_READ,
    .help = "check that every service of the stack runs and is healthy",
    .arguments = arguments,
    .run = run_verify,
};
