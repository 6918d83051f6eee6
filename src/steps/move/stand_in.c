/* stand_in.c: a helper container on the service's networks, with the leaving server's addresses
 * beside its own. Nothing listens in it, so its kernel refuses. */
#include "steps/move/stand_in.h"

#include "base/address.h"
#include "base/announce.h"
#include "base/json.h"
#include "docker/attachment.h"
#include "docker/network.h"
#include "postgres/namespace.h"
#include "steps/docker/leftovers.h"
#include "steps/move/move.h"
#include "steps/server/reach.h"

#include <stdlib.h>

#define NOBODY "65534:65534"

/* With the names that the server has, beside it: clients that try every address of a name find the
 * server all the same. */
static bool join(const struct move *move, struct error *error)
{
    const cJSON *network;
    bool done = true;
    cJSON_ArrayForEach(network, docker_networks(&move->from))
    {
        cJSON *endpoint = cJSON_CreateObject();
        const cJSON *aliases = cJSON_GetObjectItemCaseSensitive(network, "Aliases");
        cJSON_AddItemToObject(endpoint, "Aliases", cJSON_Duplicate(aliases, true));
        done = done && docker_network_join(move->docker, network->string,
                                           move->stand_in.container.id, endpoint, error);
        cJSON_Delete(endpoint);
    }
    return done;
}

static bool leave(void *context, struct error *error)
{
    const struct move *move = context;
    return docker_leave_networks(move->docker, move->stand_in.container.id, error);
}

static bool make(struct move *move, struct error *error)
{
    const cJSON *first = docker_networks(&move->from)->child;
    cJSON *labels = step_helper_labels(move->run);
    const struct docker_helper_creation creation = {
        .image = move->to.image_id,
        .network = first->string,
        .cut_off = true,
        .user = NOBODY,
        .labels = labels,
    };
    move->stand_in.helper = docker_helper_open(move->docker, &creation, error);
    cJSON_Delete(labels);
    return move->stand_in.helper != NULL;
}

static bool prepare(struct move *move, struct error *error)
{
    struct stand_in *stand_in = &move->stand_in;
    const struct aside_job leaving = {move_open_engine, leave, move};
    return step_remove_leftovers(move->run, move->docker, error) && make(move, error) &&
           docker_inspect(move->docker, docker_helper_id(stand_in->helper), &stand_in->container,
                          error) &&
           aside_prepare(&stand_in->leaver, &leaving, error);
}

void stand_in_prepare(struct move *move)
{
    struct error error = ERROR_INIT;
    if (move_has_pooler(move->run)) {
        step_log(move->run, "the pooler holds its clients back: for the moment of the switch "
                            "nobody bears the service's name");
        return;
    }
    if (cJSON_GetArraySize(docker_networks(&move->from)) == 0 || prepare(move, &error))
        return;
    step_log(move->run, "%s: for the moment of the switch nobody bears the service's name",
             error.message);
    stand_in_close(move);
}

bool stand_in_join(struct move *move)
{
    struct error error = ERROR_INIT;
    struct stand_in *stand_in = &move->stand_in;
    stand_in->has_names =
        stand_in->helper && join(move, &error) &&
        docker_inspect(move->docker, stand_in->container.id, &stand_in->joined, &error);
    if (stand_in->helper && !stand_in->has_names)
        step_log(move->run, "the stand-in doesn't have the service's names: %s", error.message);
    return true;
}

static const char *address_on(const struct move *move, const char *network)
{
    const char *address = json_text(
        cJSON_GetObjectItemCaseSensitive(docker_networks(&move->from), network), "IPAddress");
    return address && *address ? address : NULL;
}

/* Takes or gives up one; with `announced` the neighbours are told. */
static bool change(const struct move *move, const char *address,
                   bool (*act)(const char *address, struct error *error), bool announced,
                   struct error *error)
{
    struct namespace_visit visit;
    size_t count = 0;
    char *path = reach_namespace(&move->stand_in.container);
    bool done = path ? namespace_enter(path, &visit, error)
                     : error_set(error, ERROR_OTHER, "its network namespace can't be entered");
    if (done) {
        done = act(address, error) && (!announced || announce_addresses(&count, error));
        namespace_leave(&visit);
    }
    free(path);
    return done;
}

void stand_in_take(struct move *move)
{
    struct stand_in *stand_in = &move->stand_in;
    struct error error = ERROR_INIT;
    const cJSON *network;
    if (!stand_in->has_names)
        return;
    stand_in->has_addresses = true;
    cJSON_ArrayForEach(network, docker_networks(&move->from))
    {
        const char *address = address_on(move, network->string);
        if (address && !change(move, address, address_add, true, &error))
            step_log(move->run, "the stand-in doesn't have the address %s: %s", address,
                     error.message);
    }
}

void stand_in_give(struct move *move, const char *network)
{
    struct error error = ERROR_INIT;
    const char *address = address_on(move, network);
    if (move->stand_in.has_addresses && address &&
        !change(move, address, address_remove, false, &error))
        step_log(move->run, "the stand-in keeps the address %s for a moment: %s", address,
                 error.message);
}

void stand_in_leave(struct move *move)
{
    struct error error = ERROR_INIT;
    if (move->stand_in.helper && !aside_begin(&move->stand_in.leaver, &error))
        step_log(move->run, "%s", error.message);
}

void stand_in_yield(struct move *move)
{
    const cJSON *network;
    cJSON_ArrayForEach(network, docker_networks(&move->from))
    {
        const char *address = address_on(move, network->string);
        struct error ignored = ERROR_INIT; /* it has been given up before */
        if (move->stand_in.has_addresses && address)
            change(move, address, address_remove, false, &ignored);
    }
    move->stand_in.has_addresses = false;
}

void stand_in_close(struct move *move)
{
    struct stand_in *stand_in = &move->stand_in;
    aside_end(&stand_in->leaver);
    docker_helper_close(stand_in->helper);
    /* Who was just being refused by it must not wait for the rest of the answer. */
    if (stand_in->joined.exists && move->docker)
        move_tell_clients(move, &stand_in->joined);
    docker_container_free(&stand_in->container);
    docker_container_free(&stand_in->joined);
    *stand_in = (struct stand_in){0};
}
