/* attachment.c: a container leaves its networks and gets them back. */
#include "docker/attachment.h"

#include "base/json.h"
#include "docker/network.h"

#include <string.h>

const cJSON *docker_networks(const struct docker_container *container)
{
    return json_at(container->inspect, "NetworkSettings.Networks");
}

bool docker_network_mode_is_own(const char *mode)
{
    return mode && strcmp(mode, "host") != 0 && strcmp(mode, "none") != 0 &&
           !text_starts(mode, "container:");
}

bool docker_networks_are_own(const struct docker_container *container)
{
    return docker_network_mode_is_own(json_text_at(container->inspect, "HostConfig.NetworkMode"));
}

bool docker_is_cut_off(const struct docker_container *container)
{
    return container->exists && text_equal(container->state, "running") &&
           docker_networks_are_own(container) &&
           cJSON_GetArraySize(docker_networks(container)) == 0;
}

static bool inspect(struct docker *docker, const char *name, struct docker_container *container,
                    struct error *error)
{
    if (!docker_inspect(docker, name, container, error))
        return false;
    return container->exists || error_set(error, ERROR_OTHER, "container %s is gone", name);
}

bool docker_leave_networks(struct docker *docker, const char *container, struct error *error)
{
    struct docker_container found;
    const cJSON *network;
    bool left = inspect(docker, container, &found, error);
    cJSON_ArrayForEach(network, docker_networks(&found))
    {
        left = left && docker_network_leave(docker, network->string, found.id, error);
    }
    docker_container_free(&found);
    return left;
}

static bool has_alias(const cJSON *aliases, const char *wanted)
{
    const cJSON *alias;
    cJSON_ArrayForEach(alias, aliases)
    {
        if (text_equal(cJSON_GetStringValue(alias), wanted))
            return true;
    }
    return false;
}

static bool holds_aliases(const cJSON *wanted, const cJSON *aliases, const char *id)
{
    const cJSON *alias;
    cJSON_ArrayForEach(alias, wanted)
    {
        const char *text = cJSON_GetStringValue(alias);
        if (text && !docker_is_short_id(text, id) && !has_alias(aliases, text))
            return false;
    }
    return true;
}

static bool is_nothing(const cJSON *item)
{
    return !item || cJSON_IsNull(item) ||
           ((cJSON_IsObject(item) || cJSON_IsArray(item)) && !item->child);
}

bool docker_same_endpoint(const cJSON *left, const cJSON *right, const char *id)
{
    static const char *const settings[] = {"IPAMConfig", "Links", "DriverOpts", "GwPriority"};
    const cJSON *aliases[] = {cJSON_GetObjectItemCaseSensitive(left, "Aliases"),
                              cJSON_GetObjectItemCaseSensitive(right, "Aliases")};
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        const cJSON *one = cJSON_GetObjectItemCaseSensitive(left, settings[i]);
        const cJSON *other = cJSON_GetObjectItemCaseSensitive(right, settings[i]);
        bool same = is_nothing(one) ? is_nothing(other) : cJSON_Compare(one, other, true);
        if (!same)
            return false;
    }
    return holds_aliases(aliases[0], aliases[1], id) && holds_aliases(aliases[1], aliases[0], id);
}

static bool restore_one(struct docker *docker, const struct docker_container *container,
                        const cJSON *network, struct error *error)
{
    const char *name = network->string;
    const cJSON *present = cJSON_GetObjectItemCaseSensitive(docker_networks(container), name);
    if (present && docker_same_endpoint(network, present, container->id))
        return true;
    return (!present || docker_network_leave(docker, name, container->id, error)) &&
           docker_network_join(docker, name, container->id, network, error);
}

const cJSON *docker_first_network(const cJSON *networks, const char *mode)
{
    const cJSON *network;
    cJSON_ArrayForEach(network, networks)
    {
        if (mode && (text_equal(network->string, mode) ||
                     text_equal(json_text(network, "NetworkID"), mode)))
            return network;
    }
    return NULL;
}

bool docker_restore_networks(struct docker *docker, const char *id, const cJSON *networks,
                             struct error *error)
{
    struct docker_container container;
    bool done = inspect(docker, id, &container, error);
    const char *mode = json_text_at(container.inspect, "HostConfig.NetworkMode");
    const cJSON *first = docker_first_network(networks, mode), *network;
    done = done && (!first || restore_one(docker, &container, first, error));
    cJSON_ArrayForEach(network, networks)
    {
        done = done && (network == first || restore_one(docker, &container, network, error));
    }
    docker_container_free(&container);
    return done;
}
