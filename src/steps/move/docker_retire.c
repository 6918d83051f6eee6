/* docker_retire.c: docker.retire: the server that was left is stopped and its container removed, so
 * that Compose finds one container of the service and may be run by anybody; its volume stays. */
#include "steps/actions.h"
#include "steps/compose/compose_common.h"
#include "steps/docker/docker_common.h"
#include "steps/fence/fence_record.h"

#include "base/json.h"
#include "docker/attachment.h"
#include "docker/lifecycle.h"

#include <stdlib.h>

static bool serves(const struct docker_container *container)
{
    return text_equal(container->state, "running") &&
           (!docker_networks_are_own(container) ||
            cJSON_GetArraySize(docker_networks(container)) > 0);
}

static bool still_serves(const struct docker_container *container, struct error *error)
{
    const cJSON *network = docker_networks(container);
    error_set(error, ERROR_OTHER, "container %s runs on network %s: it may be the one that serves",
              container->name, network && network->child ? network->child->string : "host");
    return error_remedy(error, "Nothing was changed. Move the service to the other server first.");
}

/* The name of another container of the service that serves. */
static bool find_serving(struct step_run *run, struct docker *docker,
                         const struct docker_container *left, char **name, struct error *error)
{
    cJSON *list = NULL;
    const cJSON *entry;
    bool looked = stack_containers(docker, step_text(run, "project"), step_text(run, "service"),
                                   &list, error);
    *name = NULL;
    cJSON_ArrayForEach(entry, list)
    {
        struct docker_container other = {0};
        const char *id = json_text(entry, "Id");
        if (!looked || *name || !id || text_equal(id, left->id))
            continue;
        looked = docker_inspect(docker, id, &other, error);
        if (looked && other.exists && serves(&other))
            *name = xstrdup(other.name);
        docker_container_free(&other);
    }
    cJSON_Delete(list);
    return looked;
}

static bool nobody_serves(const struct step_run *run, const struct docker_container *left,
                          struct error *error)
{
    error_set(error, ERROR_OTHER, "no other container of service %s serves clients than %s",
              step_text(run, "service"), left->name);
    return error_remedy(error, "Nothing was changed. Look at docker ps -a: the server that is to "
                               "serve has to run on the stack's network first.");
}

static bool check_labels(const struct step_run *run, const struct docker_container *container,
                         struct error *error)
{
    const char *project = docker_container_label(container, COMPOSE_LABEL("project"));
    const char *service = docker_container_label(container, COMPOSE_LABEL("service"));
    if (text_equal(project, step_text(run, "project")) &&
        text_equal(service, step_text(run, "service")))
        return true;
    error_set(error, ERROR_OTHER, "container %s is service %s of project %s, not %s of %s",
              container->name, service ? service : "(none)", project ? project : "(none)",
              step_text(run, "service"), step_text(run, "project"));
    return error_remedy(error, "Nothing was changed. Set the right name of the container.");
}

/* The volumes that it leaves behind, for the log. */
static void name_volumes(const struct docker_container *container, struct text *text)
{
    const cJSON *mount;
    cJSON_ArrayForEach(mount, json_at(container->inspect, "Mounts"))
    {
        const char *name = json_text(mount, "Name");
        if (name && *name)
            text_printf(text, "%s%s", text->length ? ", " : "", name);
    }
}

/* What a fence held in the server's memory has ended with it; once the container is gone nobody
 * knows any more which record was its. */
static bool retire(struct step_run *run, struct docker *docker,
                   const struct docker_container *container, const char *serving,
                   struct error *error)
{
    struct text volumes = {0};
    name_volumes(container, &volumes);
    bool done = step_stop_server(run, docker, container, step_text(run, "server"),
                                 step_duration(run, "grace"), error) &&
                fence_record_forget(run, container->id, error) &&
                docker_remove(docker, container->id, false, error);
    if (done)
        step_check(
            run, "retired server", VERDICT_PASS,
            "%s is removed, its volume stays (%s); %s serves, and docker compose may be used "
            "again",
            container->name, volumes.length ? text_string(&volumes) : "it has none", serving);
    text_free(&volumes);
    return done;
}

static bool check_and_retire(struct step_run *run, struct docker *docker,
                             const struct docker_container *container, struct error *error)
{
    char *serving = NULL;
    if (!check_labels(run, container, error))
        return false;
    if (serves(container))
        return still_serves(container, error);
    bool done = find_serving(run, docker, container, &serving, error) &&
                (serving || nobody_serves(run, container, error)) &&
                retire(run, docker, container, serving, error);
    free(serving);
    return done;
}

static bool run_retire(struct step_run *run, struct error *error)
{
    struct docker_container container = {0};
    const char *name = step_text(run, "container");
    struct docker *docker = docker_open(error);
    bool done = docker && docker_inspect(docker, name, &container, error);
    if (done && !container.exists)
        step_log(run, "container %s is gone already", name);
    else if (done)
        done = check_and_retire(run, docker, &container, error);
    docker_container_free(&container);
    docker_close(docker);
    return done;
}

static const struct argument arguments[] = {
    {"container", ARGUMENT_TEXT, true, NULL, NULL,
     "the container that was left; one that is absent is fine"},
    {"project", ARGUMENT_TEXT, true, NULL, NULL, "the stack's Compose project"},
    {"service", ARGUMENT_TEXT, true, NULL, NULL, "the server's service"},
    {"server", ARGUMENT_SERVER, false, NULL, NULL,
     "the server in it, which writes a checkpoint before it is stopped"},
    {"grace", ARGUMENT_DURATION, false, GRACE_DEFAULT, NULL, "time for it to stop"},
    {0},
};

const struct action docker_retire_action = {
    .name = "docker.retire",
    .danger = DANGER_CHANGE,
    .help = "stop and remove the container of the server that was left, once another one serves; "
            "its volume stays",
    .arguments = arguments,
    .run = run_retire,
};
