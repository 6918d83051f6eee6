/* fence_networks.c: a fenced container leaves its networks and gets them back. */
#include "steps/fence/fence.h"
#include "steps/server/reach.h"

#include "base/json.h"
#include "docker/attachment.h"
#include "docker/lifecycle.h"

#include <string.h>

#define RESTART_GRACE_MS 120000L

bool fence_check_networks(const struct fence *fence, struct error *error)
{
    const struct docker_container *container = &fence->access.found;
    if (!fence->network || docker_networks_are_own(container))
        return true;
    const char *mode = json_text_at(container->inspect, "HostConfig.NetworkMode");
    error_set(error, ERROR_OTHER,
              "container %s has no network of its own to leave (network mode %s)", container->name,
              mode ? mode : "unknown");
    return error_remedy(error, "Fence it with mode: read_only, which needs no network to be left.");
}

/* Its networks stand in the record, on disk, before it leaves the first. */
static bool record_networks(struct fence *fence, struct error *error)
{
    const struct docker_container *container = &fence->access.found;
    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(fence->record, FENCE_CUT)))
        return true; /* by an earlier fence, or by this one before a crash */
    fence_record_set(fence->record, FENCE_NETWORKS,
                     cJSON_Duplicate(docker_networks(container), true));
    fence_record_set(fence->record, FENCE_PORTS,
                     cJSON_Duplicate(json_at(container->inspect, "NetworkSettings.Ports"), true));
    fence_record_set(fence->record, FENCE_CUT, cJSON_CreateTrue());
    return fence_record_write(fence->run, fence->record, error);
}

bool fence_leave_networks(struct fence *fence, struct error *error)
{
    if (!record_networks(fence, error))
        return false;
    int count = cJSON_GetArraySize(docker_networks(&fence->access.found));
    const char *id = json_text(fence->record, FENCE_ID);
    bool left = docker_leave_networks(fence->access.docker, id, error);
    if (left && count)
        step_log(fence->run, "%s has left its %d networks: no client reaches it",
                 fence->access.container, count);
    fence_disconnect(fence); /* it led through one of them */
    return left && fence_connect(fence, error);
}

/* Trying again is of no use before the port is free. */
static bool port_taken(const struct error *error)
{
    return strstr(error->message, "port is already allocated") ||
           strstr(error->message, "address already in use");
}

/* Whether every port that was published before is so again. Engine 20.10 lists a container as
 * connected whose join was refused with "port is already allocated". */
static bool check_ports(struct docker *docker, const char *id, const cJSON *ports,
                        struct error *error)
{
    struct docker_container container;
    const cJSON *port;
    bool looked = docker_inspect(docker, id, &container, error), bound = looked;
    const cJSON *now = json_at(container.inspect, "NetworkSettings.Ports");
    cJSON_ArrayForEach(port, ports)
    {
        if (bound && cJSON_GetArraySize(port) > 0 &&
            cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(now, port->string)) == 0)
            bound = error_set(error, ERROR_OTHER, "port %s of %s isn't published again",
                              port->string, container.name);
    }
    bool rests = looked && !text_equal(container.state, "running");
    docker_container_free(&container);
    return bound || rests;
}

static bool restore(struct docker *docker, const cJSON *record, struct error *error)
{
    const char *id = json_text(record, FENCE_ID);
    return docker_restore_networks(
               docker, id, cJSON_GetObjectItemCaseSensitive(record, FENCE_NETWORKS), error) &&
           check_ports(docker, id, cJSON_GetObjectItemCaseSensitive(record, FENCE_PORTS), error);
}

typedef bool (*act_inside)(const struct docker_container *container, struct error *error);

/* In the container's network namespace, when it runs; what can't be done there is only told. */
static void inside(struct step_run *run, struct docker *docker, const char *id, act_inside act)
{
    struct docker_container container = {0};
    struct error reason = ERROR_INIT;
    bool done = docker_inspect(docker, id, &container, &reason) &&
                (container.process <= 0 || act(&container, &reason));
    if (!done)
        step_log(run, "%s", reason.message);
    docker_container_free(&container);
}

/* An interface that a refused join has left behind goes only with a start. Met on engine 20.10:
 * "conflicts with existing route" after "port is already allocated". */
static bool restart_and_restore(struct step_run *run, struct docker *docker, const cJSON *record,
                                struct error *error)
{
    struct error first = *error;
    step_log(run, "%s; the container is restarted, which clears what is left of it", first.message);
    /* A restart gives the container a new network namespace; the old one may live on with whoever
     * has a session in it. */
    inside(run, docker, json_text(record, FENCE_ID), reach_clear_links);
    bool restored = docker_restart(docker, json_text(record, FENCE_ID), RESTART_GRACE_MS, error) &&
                    restore(docker, record, error);
    if (restored)
        step_log(run, "the container was restarted, and is on its networks again");
    return restored;
}

static bool explain_join(const cJSON *record, struct error *error)
{
    const char *name = json_text(record, FENCE_CONTAINER);
    if (port_taken(error))
        error_remedy(error,
                     "Something else has taken its published port: docker ps and ss -ltnp show "
                     "what. Free the port, then roll back again.");
    else
        error_remedy(error,
                     "Check that the network is there (docker network ls), then roll back again. "
                     "By hand: docker network connect --alias ALIAS NETWORK %s",
                     name ? name : "CONTAINER");
    return error_wrap(error, "bringing the container back to its networks");
}

static bool bring_back(struct step_run *run, struct docker *docker, const cJSON *record, bool runs,
                       struct error *error)
{
    /* An engine that wasn't reached has left nothing. */
    return restore(docker, record, error) ||
           (runs && !port_taken(error) && error->kind != ERROR_DOCKER &&
            restart_and_restore(run, docker, record, error)) ||
           explain_join(record, error);
}

bool fence_restore_networks(struct step_run *run, const cJSON *record, struct error *error)
{
    const char *id = json_text(record, FENCE_ID);
    struct docker_container container = {0};
    if (!id || !cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(record, FENCE_CUT)))
        return true;
    struct docker *docker = docker_open(error);
    bool done = docker && docker_inspect(docker, id, &container, error);
    if (done && !container.exists)
        step_log(run, "container %s, which was fenced, is gone: there is nothing to give back",
                 json_text(record, FENCE_CONTAINER));
    else if (done)
        done = bring_back(run, docker, record, text_equal(container.state, "running"), error);
    if (done && container.exists)
        inside(run, docker, id, reach_announce); /* another one may have borne its addresses */
    docker_container_free(&container);
    docker_close(docker);
    return done;
}
