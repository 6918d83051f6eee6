/* report_place.c: what moves along with a server, and from where the switch is made. */
#include "steps/move/report_place.h"

#include "base/json.h"
#include "docker/attachment.h"
#include "steps/server/reach.h"

#include <stdlib.h>

/* Namespaces of another machine, and those that somebody else's processes made, can't be entered:
 * the switch does without what needs that. */
static void distance(struct step_run *run, const struct docker *docker,
                     const struct docker_container *container)
{
    static const char *const untold =
        "clients that are just connecting when the server moves can't be told from here and wait "
        "for their own time-out";
    char *inside = reach_namespace(container);
    if (docker_is_remote(docker))
        step_check(run, "distance", VERDICT_WARN,
                   "Docker is at %s: %s, and every call of the switch takes the way there; a "
                   "backup of format: directory can't be made there",
                   docker_description(docker), untold);
    else if (!inside && docker_is_running(container))
        step_check(run, "distance", VERDICT_WARN,
                   "the network of %s can't be entered from here, as it could by root on the "
                   "engine's own machine: %s",
                   container->name, untold);
    free(inside);
}

/* The order of several networks moves along, as Compose has made it; the operator sees that it was
 * noticed. */
static void order(struct step_run *run, const struct docker_container *container)
{
    const cJSON *networks = docker_networks(container);
    const char *mode = json_text_at(container->inspect, "HostConfig.NetworkMode");
    const cJSON *first = docker_first_network(networks, mode);
    struct text behind = {0};
    const cJSON *network;
    cJSON_ArrayForEach(network, networks)
    {
        if (network != first)
            text_printf(&behind, "%s%s", behind.length ? ", " : "", network->string);
    }
    if (first && behind.length)
        step_check(run, "order of networks", VERDICT_PASS,
                   "%s is joined first, behind it %s, as now", first->string, text_string(&behind));
    text_free(&behind);
}

/* Fixed addresses move along, too. */
static void fixed_addresses(struct step_run *run, const struct docker_container *container)
{
    struct text text = {0};
    const cJSON *network;
    cJSON_ArrayForEach(network, docker_networks(container))
    {
        const char *four = json_text_at(network, "IPAMConfig.IPv4Address");
        const char *six = json_text_at(network, "IPAMConfig.IPv6Address");
        if (four || six)
            text_printf(&text, "%s%s%s%s on %s", text.length ? ", " : "", four ? four : "",
                        four && six ? " and " : "", six ? six : "", network->string);
    }
    if (text.length)
        step_check(run, "fixed addresses", VERDICT_PASS, "%s move along", text_string(&text));
    text_free(&text);
}

void report_place(struct step_run *run, const struct docker *docker,
                  const struct docker_container *container)
{
    order(run, container);
    fixed_addresses(run, container);
    distance(run, docker, container);
}
