/* reach.c: by the container's network namespace, or by a relay. */
#include "steps/server/reach.h"

#include "base/announce.h"
#include "base/links.h"
#include "postgres/namespace.h"

#include <stdlib.h>

char *reach_namespace(const struct docker_container *container)
{
    struct namespace_visit visit;
    struct error ignored = ERROR_INIT;
    if (!docker_container_is_here(container))
        return NULL;
    char *path = xprintf("/proc/%d/ns/net", container->process);
    if (namespace_enter(path, &visit, &ignored)) {
        namespace_leave(&visit);
        return path;
    }
    free(path);
    return NULL;
}

bool reach_by_relay(const struct relay_target *target, struct pg_parameters *parameters,
                    struct relay **relay, struct error *error)
{
    *relay = relay_start(target, error);
    if (!*relay)
        return false;
    free(parameters->host);
    parameters->host = xstrdup(relay_host(*relay));
    parameters->port = target->port;
    return true;
}

bool reach_inside(const struct docker_container *container, int port,
                  struct pg_parameters *parameters, struct relay **relay, struct error *error)
{
    const struct relay_target target = {.container = container->id, .port = port};
    char *inside = reach_namespace(container);
    *relay = NULL;
    if (!inside)
        return reach_by_relay(&target, parameters, relay, error);
    free(parameters->host);
    parameters->host = xstrdup("127.0.0.1");
    parameters->port = port;
    parameters->network_namespace = inside;
    return true;
}

/* Enters the container's network namespace for one act that counts what it does. */
static bool act_inside(const struct docker_container *container,
                       bool (*act)(size_t *count, struct error *error), struct error *error)
{
    char *path = reach_namespace(container);
    struct namespace_visit visit;
    size_t count = 0;
    if (!path)
        return error_set(error, ERROR_OTHER, "the network namespace of %s can't be entered",
                         container->name);
    bool done = namespace_enter(path, &visit, error);
    if (done) {
        done = act(&count, error);
        namespace_leave(&visit);
    }
    free(path);
    return done;
}

bool reach_clear_links(const struct docker_container *container, struct error *error)
{
    return act_inside(container, links_remove, error) ||
           error_wrap(error, "taking what is left of a network out of %s", container->name);
}

bool reach_announce(const struct docker_container *container, struct error *error)
{
    char *path = reach_namespace(container);
    bool done = !path || act_inside(container, announce_addresses, error) ||
                error_wrap(error, "telling the neighbours of %s", container->name);
    free(path);
    return done;
}
