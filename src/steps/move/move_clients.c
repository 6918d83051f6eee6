/* move_clients.c: a connection that was being made while the server left its address waits for an
 * answer that never comes, for hours. Clients in the service's networks and on this machine are
 * told, where this process may enter their network namespaces. */
#include "steps/move/move.h"

#include "base/json.h"
#include "base/tcp_abort.h"
#include "docker/attachment.h"
#include "docker/network.h"
#include "postgres/namespace.h"
#include "steps/server/reach.h"

#include <stdlib.h>

static void add_client(struct move *move, const char *id)
{
    struct docker_container client;
    struct error ignored = ERROR_INIT; /* it has gone meanwhile */
    char *path = docker_inspect(move->docker, id, &client, &ignored) && client.exists
                     ? reach_namespace(&client)
                     : NULL;
    if (path && !text_list_has(&move->clients, path))
        text_list_add(&move->clients, path);
    free(path);
    docker_container_free(&client);
}

bool move_find_clients(struct move *move, struct error *error)
{
    const cJSON *network, *client;
    cJSON_ArrayForEach(network, docker_networks(&move->from))
    {
        cJSON *found = NULL;
        if (!docker_network_inspect(move->docker, network->string, &found, error))
            return false;
        cJSON_ArrayForEach(client, json_at(found, "Containers"))
        {
            if (!text_equal(client->string, move->from.id))
                add_client(move, client->string);
        }
        cJSON_Delete(found);
    }
    return true;
}

/* What isn't told here is told by the new server when it gets the same address, or by a time-out.
 */
static void tell(struct move *move, const char *path, const char *address)
{
    struct namespace_visit visit;
    struct error error = ERROR_INIT;
    size_t count = 0;
    if (!namespace_enter(path, &visit, &error)) {
        step_log(move->run, "%s", error.message);
        return;
    }
    if (!tcp_abort_to(address, &count, &error))
        step_log(move->run, "%s", error.message);
    namespace_leave(&visit);
    move->told += (long)count;
}

void move_tell_clients(struct move *move, const struct docker_container *gone)
{
    static const char *const addresses[] = {"IPAddress", "GlobalIPv6Address"};
    const cJSON *network;
    cJSON_ArrayForEach(network, docker_networks(gone))
    {
        for (size_t i = 0; i < 2; i++) {
            const char *address = json_text(network, addresses[i]);
            if (!address || !*address || !move->clients.count)
                continue;
            tell(move, NULL, address);
            for (size_t j = 0; j < move->clients.count; j++)
                tell(move, move->clients.items[j], address);
        }
    }
}
