/* docker_park.c: docker.park: the container that Compose would make of a service, running on no
 * network: verified and warm, it waits for the service's endpoint. */
#include "steps/actions.h"
#include "steps/compose/compose_common.h"
#include "steps/docker/docker_common.h"
#include "steps/docker/leftovers.h"
#include "steps/move/alone.h"
#include "steps/move/blueprint.h"
#include "steps/move/first_join.h"
#include "steps/move/move.h"
#include "steps/move/parked.h"
#include "steps/move/place.h"
#include "steps/server/ready.h"

#include "base/json.h"
#include "compose/config.h"
#include "docker/attachment.h"
#include "docker/lifecycle.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOCK_MS 120000L
#define GRACE_MS 30000L

struct park {
    struct step_run *run;
    struct docker *docker;
    const char *name; /* until it serves */
    const char *volume;
    struct stack stack;
    cJSON *config;
    const char *image; /* the config's */
    char *data;        /* where the image keeps its data */
    struct blueprint blueprint;
    struct docker_container container;
};

/* ---- what the compose file says ---- */

/* With `from`, as the file was before its edit. */
static bool read_config(struct park *park, struct error *error)
{
    const char *from = step_text(park->run, "from");
    if (!from)
        return compose_config(&park->stack.project, &park->config, error);
    mode_t mode;
    struct text text = {0};
    char *file = stack_edited_file(park->run, &park->stack, error);
    char *path = file ? compose_backup_path(file, from, error) : NULL;
    struct compose_project project = park->stack.project;
    bool read = path && compose_file_read(path, &text, &mode, error);
    project.edited = file;
    project.edited_text = text_string(&text);
    read = read && compose_config(&project, &park->config, error);
    text_free(&text);
    free(path);
    free(file);
    return read;
}

static bool no_network(const struct park *park, const char *mode, struct error *error)
{
    error_set(error, ERROR_OTHER, "service %s has no network of its own (network mode %s)",
              step_text(park->run, "service"), mode ? mode : "unknown");
    return error_remedy(error, "Such a server can't be moved while it runs: use the runbook that "
                               "stops and starts it, pg15-to-pg17.yaml.");
}

static bool copied_in(const char *what, struct error *error)
{
    error_set(error, ERROR_OTHER,
              "Compose itself copies %s into the container, as it stands in no file", what);
    return error_remedy(error,
                        "Use the runbook that lets Compose start the server, "
                        "pg15-to-pg17.yaml, or put %s into a file (file: in the compose "
                        "file).",
                        what);
}

static bool look_up(struct park *park, struct error *error)
{
    const cJSON *service = NULL;
    const char *name = step_text(park->run, "service");
    if (!stack_open(park->run, park->docker, &park->stack, error) || !read_config(park, error) ||
        !compose_service_find(park->docker, park->config, name, park->volume, &park->image,
                              &park->data, error) ||
        !compose_config_service(park->config, name, &service, error))
        return false;
    const char *copied = compose_config_copied(park->config, service);
    if (copied)
        return copied_in(copied, error);
    if (!blueprint_make(park->run, park->docker, &park->stack, park->config, name, &park->blueprint,
                        error))
        return false;
    const char *mode = json_text(park->blueprint.host, "NetworkMode");
    return docker_network_mode_is_own(mode) || no_network(park, mode, error);
}

/* ---- the container ---- */

static bool look(struct park *park, const char *name, struct error *error)
{
    char *copy = xstrdup(name);
    docker_container_free(&park->container);
    bool looked = docker_inspect(park->docker, copy, &park->container, error);
    free(copy);
    return looked;
}

/* Whether somebody's container is this service's, on this volume. */
static bool is_services(const struct park *park, const struct docker_container *container)
{
    return text_equal(docker_container_label(container, COMPOSE_LABEL("project")),
                      step_text(park->run, "project")) &&
           text_equal(docker_container_label(container, COMPOSE_LABEL("service")),
                      step_text(park->run, "service")) &&
           compose_service_is(container, park->image, park->data, park->volume);
}

static bool not_right(const struct park *park, const char *what, struct error *error)
{
    error_set(error, ERROR_OTHER,
              "container %s isn't what Compose would make of service %s: %s differs", park->name,
              step_text(park->run, "service"), what);
    return error_remedy(error, "It was made from another state of the compose file, or by somebody "
                               "else. Roll back and start again, or take another name for it.");
}

static bool check_right(const struct park *park, struct error *error)
{
    struct text path = {0};
    bool right = blueprint_is(&park->blueprint, &park->container, &path);
    if (right && !compose_service_is(&park->container, park->image, park->data, park->volume)) {
        text_printf(&path, "the volume at %s", park->data);
        right = false;
    }
    if (!right)
        not_right(park, path.length ? text_string(&path) : "a setting", error);
    text_free(&path);
    return right;
}

/* On the way there the volume is new: nobody has anything to do with it. On the way back who looked
 * at the old server's data may do so still. */
static bool check_alone(const struct park *park, struct error *error)
{
    const struct alone_kin kin = {.project = step_text(park->run, "project"),
                                  .service = step_text(park->run, "service"),
                                  .settings = park->blueprint.settings};
    return alone_check(park->docker, park->volume, park->container.id,
                       park->run->undoing ? &kin : NULL, error);
}

/* That it is this run's stands on disk before it is there. */
static bool create(struct park *park, struct error *error)
{
    char *id = NULL;
    cJSON *body = blueprint_body(&park->blueprint);
    bool done = check_alone(park, error) && parked_write(park->run, park->name, NULL, error) &&
                docker_create_from(park->docker, park->name, body, &id, error) &&
                parked_write(park->run, park->name, id, error) && look(park, id, error);
    if (done)
        step_log(park->run, "made %s as Compose would make %s", park->name, park->blueprint.name);
    cJSON_Delete(body);
    free(id);
    return done;
}

/* One that an earlier try has made is taken over, one that this run didn't make isn't; on the way
 * back the server that was left may be there still, as Compose made it once. */
static bool take_over(struct park *park, struct error *error)
{
    bool own = false;
    if (!parked_is_own(park->run, &park->container, &own, error))
        return false;
    if (!own && park->run->undoing && is_services(park, &park->container)) {
        step_log(park->run, "%s is there still", park->name);
        return true;
    }
    if (!own)
        return step_name_taken(park->run, &park->container, error);
    step_log(park->run, "%s was made already", park->name);
    return parked_write(park->run, park->name, park->container.id, error) &&
           check_right(park, error);
}

static bool serves(const struct park *park, struct error *error)
{
    error_set(error, ERROR_OTHER, "container %s runs on network %s: clients may reach it",
              park->name, docker_networks(&park->container)->child->string);
    return error_remedy(error, "Nothing was changed. Look at it: docker inspect %s", park->name);
}

/* Never off a network that clients may use, and its place is kept before it can run. */
static bool leave_and_keep_place(struct park *park, struct error *error)
{
    bool runs = text_equal(park->container.state, "running");
    if (runs && cJSON_GetArraySize(docker_networks(&park->container)) > 0)
        return serves(park, error);
    return (runs || docker_leave_networks(park->docker, park->container.id, error)) &&
           place_write(park->run, park->container.id, park->blueprint.name,
                       park->blueprint.networks, error);
}

static bool joined_by_itself(struct park *park, struct error *error)
{
    struct error ignored = ERROR_INIT; /* the first one counts */
    docker_stop(park->docker, park->container.id, GRACE_MS, &ignored);
    error_set(error, ERROR_OTHER,
              "container %s left its networks before it was started, and is on one all the same",
              park->name);
    return error_remedy(error, "It was stopped again, and the old server serves. This engine can't "
                               "do the warm switch: use the runbook pg15-to-pg17.yaml.");
}

static bool start(struct park *park, struct error *error)
{
    bool runs = docker_is_running(&park->container);
    if ((!runs && !check_alone(park, error)) ||
        !docker_start(park->docker, park->container.id, error) ||
        !look(park, park->container.id, error))
        return false;
    if (cJSON_GetArraySize(docker_networks(&park->container)) > 0)
        return joined_by_itself(park, error);
    return first_join(park->run, park->docker, &park->container, error);
}

/* An attempt that was killed may have left the container on a network of ours. */
static bool clear_up(struct park *park, struct error *error)
{
    return step_remove_leftovers(park->run, park->docker, error) && look(park, park->name, error);
}

static bool bring_up(struct park *park, struct error *error)
{
    bool there = park->container.exists ? take_over(park, error)
                                        : create(park, error) && check_right(park, error);
    return there && leave_and_keep_place(park, error) && start(park, error);
}

/* It has stopped where it was: another container on its volume would be a second server there as
 * soon as somebody starts this one again. */
static bool start_own(struct park *park, bool *runs, struct error *error)
{
    struct docker_container own = {0};
    bool done = docker_inspect(park->docker, park->blueprint.name, &own, error);
    *runs = done && is_services(park, &own) && alone_at_rest(own.state);
    if (*runs) {
        step_log(park->run, "%s, the server on volume %s, is %s: it is started", own.name,
                 park->volume, own.state);
        done = alone_start(park->docker, &own, error);
    }
    docker_container_free(&own);
    return done;
}

/* On the way back the service's own container may be there still, as nobody has moved it, or as
 * nobody has left it: there is nothing to bring back then. */
static bool runs_already(struct park *park, bool *runs, struct error *error)
{
    struct docker_container user = {0};
    *runs = false;
    if (!park->run->undoing || park->container.exists)
        return true;
    bool looked = alone_server(park->docker, park->volume, step_text(park->run, "project"),
                               step_text(park->run, "service"), &user, error);
    *runs = looked && is_services(park, &user);
    if (*runs)
        step_log(park->run, "the server on volume %s runs in %s", park->volume, user.name);
    else if (looked)
        looked = start_own(park, runs, error);
    docker_container_free(&user);
    return looked;
}

/* ---- the server in it ---- */

/* Else it would be another server whose answer is waited for. */
static bool check_server(const struct park *park, struct error *error)
{
    const char *server = step_text(park->run, "server");
    char *container = step_server_setting(park->run, server, "container");
    bool same = text_equal(container, park->name);
    free(container);
    if (same)
        return true;
    error_set(error, ERROR_RUNBOOK, "server %s isn't in container %s", server, park->name);
    return error_remedy(error, "Write into the runbook: servers: %s: {container: %s}", server,
                        park->name);
}

static void report(struct park *park, const char *version)
{
    struct text networks = {0};
    const cJSON *network;
    cJSON_ArrayForEach(network, park->blueprint.networks)
    {
        text_printf(&networks, "%s%s", networks.length ? ", " : "", network->string);
    }
    step_check(park->run, "waiting server", VERDICT_PASS,
               "PostgreSQL %s in %s, image %s, volume %s; it is on no network, and is to be %s on "
               "%s",
               version, park->name, park->image, park->volume, park->blueprint.name,
               text_string(&networks));
    text_free(&networks);
}

static bool wait_ready(struct park *park, struct error *error)
{
    char version[32] = "";
    struct ready ready = {
        .server = step_text(park->run, "server"),
        .timeout_ms = step_duration(park->run, "for"),
        .major = (int)step_integer(park->run, "major"),
        .inside = true,
    };
    if (!server_wait_ready(park->run, &ready, version, error))
        return false;
    report(park, version);
    return true;
}

static bool park_server(struct park *park, struct error *error)
{
    bool runs = false;
    return look_up(park, error) && clear_up(park, error) && runs_already(park, &runs, error) &&
           (runs || (bring_up(park, error) && wait_ready(park, error)));
}

static bool run_park(struct step_run *run, struct error *error)
{
    struct park park = {
        .run = run, .name = step_text(run, "name"), .volume = step_text(run, "volume")};
    int lock = -1;
    park.docker = docker_open(error);
    bool done = park.docker && check_server(&park, error) && move_end_first(run, error) &&
                stack_lock(run, LOCK_MS, &lock, error) && park_server(&park, error);
    docker_container_free(&park.container);
    blueprint_free(&park.blueprint);
    cJSON_Delete(park.config);
    stack_close(&park.stack);
    free(park.data);
    if (lock >= 0)
        close(lock);
    docker_close(park.docker);
    return done;
}

static const struct argument arguments[] = {
    {"name", ARGUMENT_TEXT, true, NULL, NULL, "the container's name until it serves"},
    {"server", ARGUMENT_SERVER, true, NULL, NULL, "the server in it, whose answer is waited for"},
    {"file", ARGUMENT_TEXT, true, NULL, NULL, "the compose file; several with commas"},
    {"from", ARGUMENT_TEXT, false, NULL, NULL,
     "a copy of it, made by compose.backup, that is read in its place: the container is made as it "
     "was before the edit"},
    {"project", ARGUMENT_TEXT, true, NULL, NULL, "the stack's Compose project"},
    {"service", ARGUMENT_TEXT, true, NULL, NULL, "the server's service"},
    {"volume", ARGUMENT_TEXT, true, NULL, NULL, "the volume that the compose file has to name"},
    {"major", ARGUMENT_INTEGER, false, NULL, NULL, "the major version that has to answer"},
    {"for", ARGUMENT_DURATION, false, "60s", NULL, "time for it to answer"},
    MOVE_END_ARGUMENTS,
    {0},
};

const struct action docker_park_action = {
    .name = "docker.park",
    .danger = DANGER_CHANGE,
    .help = "start the container that Compose would make of a service, on no network: no client "
            "reaches it yet",
    .arguments = arguments,
    .run = run_park,
};
