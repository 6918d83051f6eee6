/* reach.c: by the container's network namespace, or by a relay. */
#include "steps/server/reach.h"

#include "base/announce.h"
#include "base/file.h"
#include "base/links.h"
#include "postgres/namespace.h"

#include <stdlib.h>
#include <string.h>

#define MOUNTS_MAX ((size_t)4 << 20)

/* The engine's pids mean something only where the engine runs: the process has to be this
 * container's, whose files the engine has mounted into it under the container's id. */
static bool is_containers(const struct docker_container *container)
{
    struct text mounts = {0};
    struct error ignored = ERROR_INIT; /* another user's process, or none: then it's the relay */
    char *path = xprintf("/proc/%d/mountinfo", container->process);
    bool found = *container->id && file_read(path, MOUNTS_MAX, &mounts, &ignored) &&
                 mounts.length && strstr(mounts.bytes, container->id);
    text_free(&mounts);
    free(path);
    return found;
}

char *reach_namespace(const struct docker_container *container)
{
    struct namespace_visit visit;
    struct error ignored = ERROR_INIT;
    if (container->process <= 0 || !is_containers(container))
        return NULL;
    char *path = xprintf("/proc/%d/ns/net", container->process);
    if (namespace_enter(path, &visit, &ignored)) {
        namespace_leave(&visit);
        return path;
    }
    free(path);
    return NULL;
}

bool reach_inside(const struct docker_container *container, int port,
                  struct pg_parameters *parameters, struct relay **relay, struct error *error)
{
    char *inside = reach_namespace(container);
    *relay = inside ? NULL : relay_start(container->id, port, error);
    if (!inside && !*relay)
        return false;
    free(parameters->host);
    parameters->host = xstrdup(inside ? "127.0.0.1" : relay_host(*relay));
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
