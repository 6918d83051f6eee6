/* move_networks.c: the calls of the Docker engine that an outage is made of: one container leaves
 * its networks, another one joins them. */
#include "steps/move/move.h"

#include "base/json.h"
#include "docker/attachment.h"
#include "docker/network.h"
#include "steps/server/reach.h"

void move_limit_calls(struct move *move)
{
    if (move->docker)
        docker_limit(move->docker, step_duration(move->run, "answer_for"));
}

bool move_open_engine(void *context, struct error *error)
{
    struct move *move = context;
    move->docker = docker_open(error);
    move_limit_calls(move);
    return move->docker != NULL;
}

static bool leave(void *context, struct error *error)
{
    const struct move *move = context;
    const cJSON *network;
    cJSON_ArrayForEach(network, docker_networks(&move->from))
    {
        if (!docker_network_leave(move->docker, network->string, move->from.id, error))
            return false;
    }
    return true;
}

bool move_prepare_leave(struct move *move, struct aside *leaver, struct error *error)
{
    const struct aside_job job = {move_open_engine, leave, move};
    return aside_prepare(leaver, &job, error);
}

static void announce(struct move *move)
{
    struct error reason = ERROR_INIT; /* they go on a second later, then */
    if (!reach_announce(&move->to, &reason))
        step_log(move->run, "%s", reason.message);
}

/* Announced twice: at no instant may a client be sent to one that doesn't have the address any
 * more, and one that asked while both had it may have heard the wrong one. */
static bool join_one(struct move *move, const cJSON *network, struct error *error)
{
    if (!docker_network_join(move->docker, network->string, move->to.id, network, error))
        return false;
    announce(move);
    stand_in_give(move, network->string);
    announce(move);
    return true;
}

/* The network of its NetworkMode comes first, as with a start: the published port is bound on that
 * one. */
bool move_join(struct move *move, struct error *error)
{
    const cJSON *network, *networks = json_at(move->record, MOVE_PLACE ".networks");
    const char *mode = json_text_at(move->to.inspect, "HostConfig.NetworkMode");
    const cJSON *first = docker_first_network(networks, mode);
    bool joined = !first || join_one(move, first, error);
    cJSON_ArrayForEach(network, networks)
    {
        joined = joined && (network == first || join_one(move, network, error));
    }
    return joined || error_wrap(error, "container %s joins the service's networks", move->to.name);
}
