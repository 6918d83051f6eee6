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

struct stopping {
    struct step_run *run;
    struct docker *docker;
    struct text_list services;
    cJSON *containers; /* the engine's entries, of all of the services */
};

static bool add_containers(struct stopping *stopping, const char *service, struct error *error)
{
    cJSON *list = NULL;
    if (!stack_containers(stopping->docker, step_text(stopping->run, "project"), service, &list,
                          error))
        return false;
    bool any = list->child != NULL;
    while (list->child)
        cJSON_AddItemToArray(stopping->containers, cJSON_DetachItemViaPointer(list, list->child));
    cJSON_Delete(list);
    return any || error_set(error, ERROR_OTHER, "service %s has no container", service);
}

/* All are found before any is touched. Free with stopping_close in any case. */
static bool stopping_open(struct stopping *stopping, struct step_run *run, struct error *error)
{
    *stopping = (struct stopping){
        .run = run, .docker = docker_open(error), .containers = cJSON_CreateArray()};
    bool found = stopping->docker != NULL;
    stack_services(run, "services", &stopping->services);
    for (size_t i = 0; found && i < stopping->services.count; i++)
        found = add_containers(stopping, stopping->services.items[i], error);
    return found;
}

static void stopping_close(struct stopping *stopping)
{
    cJSON_Delete(stopping->containers);
    text_list_free(&stopping->services);
    docker_close(stopping->docker);
}

/* ---- compose.stop ---- */

/* Before the first container is stopped. An application that doesn't run isn't taken down by it. */
static bool record_outage(struct stopping *stopping, struct error *error)
{
    const cJSON *entry;
    cJSON_ArrayForEach(entry, stopping->containers)
    {
        if (text_equal(json_text(entry, "State"), "running"))
            return application_goes_down(stopping->run, &stopping->services, NULL, error);
    }
    return true;
}

static bool stop_all(struct stopping *stopping, struct error *error)
{
    long grace_ms = step_duration(stopping->run, "grace");
    const cJSON *entry;
    cJSON_ArrayForEach(entry, stopping->containers)
    {
        const char *name = docker_listed_name(entry);
        if (!docker_stop(stopping->docker, name, grace_ms, error))
            return false;
        step_log(stopping->run, "stopped %s", name);
    }
    return true;
}

static bool run_stop(struct step_run *run, struct error *error)
{
    struct stopping stopping;
    bool done = stopping_open(&stopping, run, error) && record_outage(&stopping, error) &&
                stop_all(&stopping, error);
    stopping_close(&stopping);
    return done;
}

/* ---- compose.start ---- */

static bool start_all(struct stopping *stopping, struct error *error)
{
    const cJSON *entry;
    cJSON_ArrayForEach(entry, stopping->containers)
    {
        const char *name = docker_listed_name(entry);
        if (!docker_start(stopping->docker, name, error))
            return false;
        step_log(stopping->run, "started %s", name);
    }
    return stack_wait_up(stopping->run, stopping->docker, &stopping->services,
                         step_duration(stopping->run, "for"), error);
}

/* An outage whose end nobody sees lasts. */
static bool see_the_end(struct stopping *stopping, struct error *error)
{
    struct step_run *run = stopping->run;
    const char *url = step_text(run, "probe");
    int64_t since = application_down_since(run);
    bool answers = false;
    if (!application_awaited(run, url, step_duration(run, "for"), &answers, error))
        return false;
    if (answers && application_concerned(run, &stopping->services, url))
        application_is_back(run, "application_start", cJSON_CreateObject(),
                            (long)(clock_wall_ms() - since),
                            url && *url ? "by its address" : "until its containers were up");
    return true;
}

static bool run_start(struct step_run *run, struct error *error)
{
    struct stopping stopping;
    bool done = stopping_open(&stopping, run, error) && start_all(&stopping, error) &&
                see_the_end(&stopping, error);
    stopping_close(&stopping);
    return done;
}

static const struct argument stop_arguments[] = {
    {"project", ARGUMENT_TEXT, true, NULL, NULL, "the stack's Compose project"},
    {"services", ARGUMENT_LIST, true, NULL, NULL, "the services whose containers are stopped"},
    {"grace", ARGUMENT_DURATION, false, "30s", NULL, "time before they are killed"},
    {0},
};

const struct action compose_stop_action = {
    .name = "compose.stop",
    .danger = DANGER_CHANGE,
    .help = "stop services of the stack",
    .arguments = stop_arguments,
    .run = run_stop,
};

static const struct argument start_arguments[] = {
    {"project", ARGUMENT_TEXT, true, NULL, NULL, "the stack's Compose project"},
    {"services", ARGUMENT_LIST, true, NULL, NULL, "the services whose containers are started"},
    {"probe", ARGUMENT_TEXT, false, NULL, NULL,
     "an address that answers 2xx when the application works: the outage ends by it; in an undo it "
     "is only a warning when it doesn't"},
    {"for", ARGUMENT_DURATION, false, "60s", NULL, "time to run, become healthy and answer"},
    {0},
};

const struct action compose_start_action = {
    .name = "compose.start",
    .danger = DANGER_CHANGE,
    .help = "start stopped services as they are, and wait until they run",
    .arguments = start_arguments,
    .run = run_start,
};
