/* compose_stop.c: compose.stop and compose.start: an application kept from its database for a time.
 */
#include "steps/actions.h"
#include "steps/compose/application_down.h"
#include "steps/compose/compose_common.h"
#include "steps/compose/stack_list.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "docker/lifecycle.h"

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

/* What is waited for then, or NULL. */
typedef bool all(struct step_run *run, struct docker *docker, const struct text_list *services,
                 long timeout_ms, struct error *error);

static bool each_container(struct step_run *run, one *work, all *wait, struct error *error)
{
    struct text_list services = {0};
    struct docker *docker = docker_open(error);
    bool done = docker != NULL;
    stack_services(run, "services", &services);
    for (size_t i = 0; done && i < services.count; i++)
        done = each_of(run, docker, services.items[i], work, error);
    done = done && (!wait || wait(run, docker, &services, step_duration(run, "for"), error));
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
    application_is_down(run, clock_wall_ms());
    return each_container(run, stop, NULL, error);
}

static bool start(struct step_run *run, struct docker *docker, const char *name,
                  struct error *error)
{
    bool done = docker_start(docker, name, error);
    if (done)
        step_log(run, "started %s", name);
    return done;
}

static void report_up(struct step_run *run)
{
    char shown[32];
    int64_t since = application_down_since(run);
    if (!since)
        return;
    long outage_ms = (long)(clock_wall_ms() - since);
    cJSON *fact = cJSON_CreateObject();
    cJSON_AddNumberToObject(fact, "outage_ms", (double)outage_ms);
    step_check(run, "application's outage", VERDICT_PASS, "%s, until its containers were up",
               text_duration(shown, sizeof shown, outage_ms));
    step_fact(run, "application_start", fact);
    application_is_up(run);
}

static bool run_start(struct step_run *run, struct error *error)
{
    if (!each_container(run, start, stack_wait_up, error))
        return false;
    report_up(run);
    return true;
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
    {"for", ARGUMENT_DURATION, false, "60s", NULL, "time to run and become healthy"},
    {0},
};

const struct action compose_start_action = {
    "compose.start", DANGER_CHANGE, "start stopped services as they are, and wait until they run",
    start_arguments, run_start};
