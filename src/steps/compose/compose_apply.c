/* compose_apply.c: compose.apply: the switch itself. `docker compose up` replaces the service's
 * container by one with the image and the volume that the compose file names now; everything that
 * can be looked at or done beforehand is, as the database is unavailable from the stop on. */
#include "steps/actions.h"
#include "steps/compose/compose_switch.h"
#include "steps/compose/switch_proof.h"
#include "steps/docker/docker_common.h"
#include "steps/server/ready.h"
#include "steps/switched.h"

#include "base/json.h"
#include "docker/lifecycle.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOG_LINES 15
/* A server that hasn't come up has nothing to write, and its start script may be deaf to signals.
 */
#define SHORT_GRACE_MS 2000L

static bool prepare(struct apply *apply, struct error *error)
{
    return stack_open(apply->run, apply->docker, &apply->stack, error) &&
           compose_config(&apply->stack.project, &apply->config, error) &&
           compose_service_find(apply->docker, apply->config, apply->service, apply->volume,
                                &apply->image, &apply->data, error) &&
           stack_containers(apply->docker, step_text(apply->run, "project"), NULL, &apply->before,
                            error);
}

/* The old server gets its checkpoint while it still serves, so that its shutdown is short. */
static bool checkpoint(struct apply *apply, struct error *error)
{
    struct docker_container container;
    bool right = false;
    bool looked = apply_look(apply, &container, &right, error);
    bool runs = looked && container.exists && !strcmp(container.state, "running");
    if (looked && right && runs)
        step_log(apply->run, "service %s runs %s on volume %s already", apply->service,
                 apply->image, apply->volume);
    else if (runs && !apply->run->undoing && !switch_unmoved(apply, error))
        looked = false;
    else if (runs &&
             !step_checkpoint(apply->run, apply->docker, container.name,
                              step_text(apply->run, "server")) &&
             apply->run->undoing)
        apply->grace_ms = SHORT_GRACE_MS;
    docker_container_free(&container);
    return looked;
}

/* The new server starts cut off from its networks: whatever a client's log says of a connection
 * from then on is about this server. The engine's clock counts, as it stamps the logs. */
static void record_start(struct apply *apply)
{
    if (!apply->run->undoing)
        step_fact_number(apply->run, FACT_SERVING, (double)apply->started_ms);
}

/* Whether the runbook's server is in that container, so that it can be asked there. */
static bool is_servers(const struct apply *apply)
{
    char *name = step_server_setting(apply->run, step_text(apply->run, "server"), "container");
    bool same = text_equal(name, apply->container);
    free(name);
    return same;
}

/* A container that has never been started, or was stopped before anybody wrote on it, has served
 * nobody. */
static void take_back_switch(struct apply *apply)
{
    struct docker_container container;
    struct error ignored = ERROR_INIT;
    bool right = false;
    bool looked = apply_look(apply, &container, &right, &ignored);
    if (looked && !apply->run->undoing &&
        (apply->called_off || !right || container.started_ms == 0))
        switched_take_back(apply->run, apply->volume);
    docker_container_free(&container);
}

static bool not_right(const struct apply *apply, const struct docker_container *container,
                      struct error *error)
{
    if (!container->exists)
        return error_set(error, ERROR_SERVER, "service %s has no container", apply->service);
    return error_set(error, ERROR_SERVER,
                     "service %s runs %s, which isn't %s on volume %s: Compose didn't replace it",
                     apply->service, container->image, apply->image, apply->volume);
}

static bool not_running(const struct docker_container *container, struct error *error)
{
    const char *why = json_text_at(container->inspect, "State.Error");
    return error_set(error, ERROR_SERVER, "the new container %s is %s (exit status %d)%s%s",
                     container->name, container->state, container->exit_code,
                     why && *why ? ": " : "", why ? why : "");
}

/* Compose has done its part; is it what we meant, and does it run? */
static bool confirm_container(struct apply *apply, struct error *error)
{
    struct docker_container container;
    bool right = false;
    bool looked = apply_look(apply, &container, &right, error);
    bool runs = looked && right && !strcmp(container.state, "running");
    apply->started_ms = runs ? container.started_ms : 0;
    if (looked && !right)
        not_right(apply, &container, error);
    else if (looked && !runs)
        not_running(&container, error);
    free(apply->container);
    apply->container = container.exists ? xstrdup(container.name) : NULL;
    docker_container_free(&container);
    return runs;
}

/* One that doesn't come up is found before the switch counts as made: then the old server can come
 * back without anybody asking what the new one has taken. */
static bool comes_up(struct apply *apply, struct error *error)
{
    struct ready ready = {
        .server = step_text(apply->run, "server"),
        .timeout_ms = step_duration(apply->run, "for"),
        .major = (int)step_integer(apply->run, "major"),
        .inside = true,
    };
    return confirm_container(apply, error) &&
           (!is_servers(apply) || server_wait_ready(apply->run, &ready, NULL, error));
}

static bool before_traffic(struct apply *apply, bool started, struct error *error)
{
    if (apply->run->undoing)
        return true;
    if (!switch_prove(apply, error) || (started && !comes_up(apply, error)))
        return false;
    return switched_record(apply->run, apply->volume, error);
}

static bool wait_ready(struct apply *apply, struct error *error)
{
    char version[32] = "";
    struct ready ready = {
        .server = step_text(apply->run, "server"),
        .timeout_ms = step_duration(apply->run, "for"),
        .major = (int)step_integer(apply->run, "major"),
        .after_switchover = true,
    };
    if (!server_wait_ready(apply->run, &ready, version, error))
        return false;
    step_check(apply->run, "live server", VERDICT_PASS, "PostgreSQL %s, image %s, volume %s",
               version, apply->image, apply->volume);
    return true;
}

static const char *id_in(const cJSON *list, const char *name)
{
    const cJSON *entry;
    cJSON_ArrayForEach(entry, list)
    {
        if (!strcmp(docker_listed_name(entry), name))
            return json_text(entry, "Id");
    }
    return NULL;
}

/* --no-deps is meant to leave every other service alone; the operator sees that it did. */
static void report_touched(struct apply *apply)
{
    struct text touched = {0}, untouched = {0};
    struct error ignored = ERROR_INIT;
    cJSON *after = NULL;
    const cJSON *entry;
    if (!stack_containers(apply->docker, step_text(apply->run, "project"), NULL, &after, &ignored))
        return;
    cJSON_ArrayForEach(entry, after)
    {
        const char *name = docker_listed_name(entry);
        bool same = text_equal(json_text(entry, "Id"), id_in(apply->before, name));
        struct text *text = same ? &untouched : &touched;
        text_printf(text, "%s%s", text->length ? ", " : "", name);
    }
    step_check(apply->run, "containers", VERDICT_PASS, "recreated: %s; untouched: %s",
               touched.length ? text_string(&touched) : "none",
               untouched.length ? text_string(&untouched) : "none");
    text_free(&touched);
    text_free(&untouched);
    cJSON_Delete(after);
}

static bool explain_failure(struct apply *apply, struct error *error)
{
    if (apply->container && !strstr(error->message, "last lines"))
        step_show_log(apply->run, apply->docker, apply->container, LOG_LINES);
    take_back_switch(apply);
    if (apply->run->undoing)
        return error->remedy[0] ? false
                                : error_remedy(error, "Look at docker compose ps -a and docker "
                                                      "logs, then roll back again.");
    char *first = xstrdup(error->remedy);
    error_remedy(error,
                 "%s%sR rolls back: the old server's volume is as it was, and so is the compose "
                 "file's copy.",
                 first, *first ? " " : "");
    free(first);
    return false;
}

static bool switch_over(struct apply *apply, struct error *error)
{
    bool done =
        apply_bring_up(apply, error) && confirm_container(apply, error) && wait_ready(apply, error);
    if (!done && !apply->container) {
        struct error ignored = ERROR_INIT;
        confirm_container(apply, &ignored);
    }
    if (!done)
        return explain_failure(apply, error);
    record_start(apply);
    report_touched(apply);
    return true;
}

static bool run_apply(struct step_run *run, struct error *error)
{
    struct apply apply = {.run = run,
                          .service = step_text(run, "service"),
                          .volume = step_text(run, "volume"),
                          .grace_ms = step_duration(run, "grace"),
                          .before_traffic = before_traffic};
    int lock = -1;
    apply.docker = docker_open(error);
    bool done = apply.docker && stack_lock(run, apply.grace_ms + APPLY_MARGIN_MS, &lock, error) &&
                prepare(&apply, error) && checkpoint(&apply, error) && switch_over(&apply, error);
    cJSON_Delete(apply.before);
    cJSON_Delete(apply.config);
    stack_close(&apply.stack);
    free(apply.container);
    free(apply.data);
    if (lock >= 0)
        close(lock);
    docker_close(apply.docker);
    return done;
}

static const struct argument arguments[] = {
    {"file", ARGUMENT_TEXT, true, NULL, NULL, "the compose file; several with commas"},
    {"project", ARGUMENT_TEXT, true, NULL, NULL, "the stack's Compose project"},
    {"service", ARGUMENT_TEXT, true, NULL, NULL, "the service to recreate, and no other"},
    {"server", ARGUMENT_SERVER, true, NULL, NULL, "the server as clients reach it"},
    {"volume", ARGUMENT_TEXT, true, NULL, NULL, "the volume that has to be mounted in the end"},
    {"major", ARGUMENT_INTEGER, false, NULL, NULL, "the major version that has to answer"},
    {"grace", ARGUMENT_DURATION, false, GRACE_DEFAULT, NULL, "time for the old server to stop"},
    {"for", ARGUMENT_DURATION, false, "60s", NULL, "time for the new server to answer"},
    {"proven", ARGUMENT_TEXT, false, NULL, NULL,
     "a fact with a transaction id, such as drift: the server that is left has to have stopped "
     "with it, else no client gets to the new one"},
    {"left_volume", ARGUMENT_TEXT, false, NULL, NULL,
     "with proven: the volume that is left; it is read only"},
    {"left_image", ARGUMENT_TEXT, false, NULL, NULL,
     "with proven: the image that is left, which reads it"},
    {0},
};

const struct action compose_apply_action = {
    .name = "compose.apply",
    .danger = DANGER_CHANGE,
    .help = "recreate one service as the compose file now says, and wait until it serves",
    .arguments = arguments,
    .run = run_apply,
};
