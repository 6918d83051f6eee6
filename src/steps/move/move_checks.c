/* move_checks.c: what has to be so before a server leaves its place: whatever can be known to fail
 * fails here, with nothing changed. */
#include "steps/move/move.h"

#include "base/clock.h"
#include "base/json.h"
#include "docker/attachment.h"
#include "docker/lifecycle.h"
#include "docker/network.h"
#include "postgres/catalog.h"

#include <stdlib.h>
#include <string.h>

#define STARTED_MS 20000
#define PAUSE_MS 50

bool move_mounts(const struct docker_container *container, const char *volume)
{
    const cJSON *mount;
    cJSON_ArrayForEach(mount, json_at(container->inspect, "Mounts"))
    {
        if (text_equal(json_text(mount, "Name"), volume) ||
            text_equal(json_text(mount, "Source"), volume))
            return true;
    }
    return false;
}

static bool check_parked(const struct move *move, struct error *error)
{
    const struct docker_container *to = &move->to;
    const char *volume = step_text(move->run, "volume");
    if (!docker_is_cut_off(to)) {
        error_set(error, ERROR_OTHER, "container %s is %s and %s: it isn't parked", to->name,
                  to->state,
                  cJSON_GetArraySize(docker_networks(to)) ? "on a network" : "on no network");
        return text_equal(to->state, "exited") && !cJSON_GetArraySize(docker_networks(to))
                   ? error_remedy(error, "docker start %s starts it, on no network; then retry.",
                                  to->name)
                   : error_remedy(error, "The step docker.park makes and starts it on no network.");
    }
    if (move_mounts(to, volume))
        return true;
    error_set(error, ERROR_OTHER, "container %s doesn't have the volume %s", to->name, volume);
    return error_remedy(error, "Look at docker inspect %s: the argument volume has to be its.",
                        to->name);
}

/* What a refused call has left there would make the next one fail. */
static bool check_network(const struct move *move, const char *name, struct error *error)
{
    cJSON *network = NULL;
    if (!docker_network_inspect(move->docker, name, &network, error))
        return false;
    bool exists = network != NULL;
    bool left = cJSON_HasObjectItem(json_at(network, "Containers"), move->to.id);
    cJSON_Delete(network);
    if (exists && !left)
        return true;
    error_set(error, ERROR_OTHER,
              exists ? "network %s still has an endpoint of container %s"
                     : "there is no network %s for container %s",
              name, move->to.name);
    return exists ? error_remedy(error, "docker network disconnect -f %s %s", name, move->to.name)
                  : error_remedy(error, "docker compose up --no-start makes it; then retry.");
}

static bool check_networks(const struct move *move, struct error *error)
{
    const cJSON *network, *networks = json_at(move->record, MOVE_PLACE ".networks");
    if (cJSON_GetArraySize(networks) == 0)
        return error_set(error, ERROR_OTHER, "no network is known that container %s has to join",
                         move->to.name);
    cJSON_ArrayForEach(network, networks)
    {
        if (!check_network(move, network->string, error))
            return false;
    }
    return true;
}

/* `target`: "5432/tcp". */
static bool check_port(const struct move *move, const char *target, const cJSON *binding,
                       struct error *error)
{
    long port = 0;
    char *holder = NULL;
    const char *text = json_text(binding, "HostPort"), *slash = strchr(target, '/');
    if (!text || !*text || !text_to_long(text, 1, 65535, &port))
        return true;
    const struct docker_host_port wanted = {.address = json_text(binding, "HostIp"),
                                            .protocol = slash ? slash + 1 : "tcp",
                                            .port = (int)port};
    bool asked = docker_port_holder(move->docker, &wanted, move->from.name, &holder, error);
    bool is_free = asked && !holder;
    if (asked && !is_free) {
        error_set(error, ERROR_OTHER, "port %ld, which %s is to publish, belongs to container %s",
                  port, move->to.name, holder);
        error_remedy(error, "Stop %s, or publish another port; then retry.", holder);
    }
    free(holder);
    return is_free;
}

static bool check_ports(const struct move *move, struct error *error)
{
    const cJSON *port, *binding;
    cJSON_ArrayForEach(port, cJSON_GetObjectItemCaseSensitive(move->record, MOVE_WANTED))
    {
        cJSON_ArrayForEach(binding, port)
        {
            if (!check_port(move, port->string, binding, error))
                return false;
        }
    }
    return true;
}

static bool check_name(const struct move *move, const char *name, struct error *error)
{
    struct docker_container found;
    if (!name || !docker_inspect(move->docker, name, &found, error))
        return name == NULL;
    bool is_free =
        !found.exists || text_equal(found.id, move->to.id) || text_equal(found.id, move->from.id);
    docker_container_free(&found);
    if (is_free)
        return true;
    error_set(error, ERROR_OTHER, "there is another container named %s", name);
    return error_remedy(error, "docker rename %s OTHER-NAME, then retry.", name);
}

static bool check_version(const struct move *move, struct error *error)
{
    long wanted = step_integer(move->run, "major");
    int major = catalog_major(pg_version(move->coming));
    if (wanted && wanted != major)
        return error_set(error, ERROR_SERVER, "container %s runs PostgreSQL %d, expected was %ld",
                         move->to.name, major, wanted);
    step_check(move->run, "parked server", VERDICT_PASS, "%s answers, PostgreSQL %d", move->to.name,
               major);
    return true;
}

/* The end of an earlier attempt may just have started it anew. */
static void open_when_up(struct move *move, struct error *error)
{
    int64_t deadline = clock_monotonic_ms() + STARTED_MS;
    for (;;) {
        move->coming = server_open(&move->there, error);
        if (move->coming || !pg_may_come_up(error) || clock_monotonic_ms() >= deadline)
            return;
        clock_sleep_ms(PAUSE_MS);
    }
}

static bool check_answers(struct move *move, struct error *error)
{
    if (!server_find_inside(move->run, step_text(move->run, "to"), &move->there, error))
        return false;
    open_when_up(move, error);
    return move->coming && check_version(move, error);
}

/* What stands in the way of a fence is no reason to keep a server that is given up: its networks
 * are taken away all the same. */
static bool check_fence(struct move *move, struct error *error)
{
    struct fence *fence = &move->fence;
    if (!fence->connection || fence_check_before(fence, error))
        return true;
    if (!move->run->loss_accepted)
        return false;
    step_log(move->run, "%s: nothing of it is brought over", error->message);
    *error = (struct error)ERROR_INIT;
    pg_close(fence->connection);
    cJSON_Delete(fence->record);
    fence->connection = NULL;
    fence->record = NULL;
    return true;
}

bool move_check(struct move *move, struct error *error)
{
    return check_parked(move, error) && check_networks(move, error) && check_ports(move, error) &&
           check_name(move, json_text(move->record, MOVE_LEFT), error) &&
           check_name(move, json_text_at(move->record, MOVE_PLACE "." MOVE_NAME), error) &&
           check_answers(move, error) && check_fence(move, error);
}
