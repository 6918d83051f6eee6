/* obstacles.c: the table of what can stand in the way of a warm switch. */
#include "steps/move/obstacles.h"

#include "base/json.h"
#include "compose/config.h"
#include "docker/attachment.h"

#include <string.h>

static const cJSON *child(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

/* One thing found, after what was found before. */
__attribute__((format(printf, 2, 3))) static void note(struct text *found, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    text_add(found, found->length ? "; " : "");
    text_vprintf(found, format, arguments);
    va_end(arguments);
}

/* Whether `value` is "KIND:NAME" or "KIND:NAME:...". */
static bool names(const char *value, const char *kind, const char *name)
{
    size_t length = strlen(kind);
    if (!value || strncmp(value, kind, length) != 0)
        return false;
    size_t rest = strcspn(value + length, ":");
    return rest == strlen(name) && !strncmp(value + length, name, rest);
}

static bool is_set(const cJSON *service, const char *name)
{
    const cJSON *item = child(service, name);
    return item && !cJSON_IsNull(item) &&
           !((cJSON_IsArray(item) || cJSON_IsObject(item)) && !item->child);
}

/* ---- the checks ---- */

static void own_network(const struct move_view *view, struct text *found)
{
    const char *mode = json_text(view->service, "network_mode");
    const char *now = json_text_at(view->container->inspect, "HostConfig.NetworkMode");
    if (mode)
        note(found, "the service says network_mode: %s", mode);
    else if (!docker_networks_are_own(view->container))
        note(found, "the container's network mode is %s", now ? now : "unknown");
}

static void swarm(const struct move_view *view, struct text *found)
{
    static const char *const labels[] = {"com.docker.swarm.service.name",
                                         "com.docker.stack.namespace"};
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        const char *value = docker_container_label(view->container, labels[i]);
        if (value)
            note(found, "%s carries the label %s=%s", view->container->name, labels[i], value);
    }
}

static void links(const struct move_view *view, struct text *found)
{
    static const char *const kinds[] = {"links", "external_links"};
    const cJSON *service, *link;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (is_set(view->service, kinds[i]))
            note(found, "the service has %s", kinds[i]);
    cJSON_ArrayForEach(service, child(view->config, "services"))
    {
        cJSON_ArrayForEach(link, child(service, "links"))
        {
            if (names(cJSON_GetStringValue(link), "", view->name))
                note(found, "service %s has a link to it", service->string);
        }
    }
}

static void sharing(const struct move_view *view, struct text *found)
{
    static const char *const kinds[] = {"network_mode", "ipc", "pid"};
    const cJSON *service, *container;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        cJSON_ArrayForEach(service, child(view->config, "services"))
        {
            if (names(json_text(service, kinds[i]), "service:", view->name))
                note(found, "service %s says %s: service:%s", service->string, kinds[i],
                     view->name);
        }
    }
    cJSON_ArrayForEach(container, view->containers)
    {
        const char *mode = json_text_at(container, "HostConfig.NetworkMode");
        if (names(mode, "container:", view->container->id) ||
            names(mode, "container:", view->container->name))
            note(found, "container %.12s uses its network", json_text(container, "Id"));
    }
}

static void shared(const struct move_view *view, struct text *found)
{
    static const char *const kinds[] = {"ipc", "pid"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const char *mode = json_text(view->service, kinds[i]);
        if (mode && (text_starts(mode, "service:") || text_starts(mode, "container:")))
            note(found, "the service says %s: %s", kinds[i], mode);
    }
}

static void volumes_from(const struct move_view *view, struct text *found)
{
    const cJSON *service, *entry;
    if (is_set(view->service, "volumes_from"))
        note(found, "the service has volumes_from");
    cJSON_ArrayForEach(service, child(view->config, "services"))
    {
        cJSON_ArrayForEach(entry, child(service, "volumes_from"))
        {
            if (names(cJSON_GetStringValue(entry), "", view->name))
                note(found, "service %s has volumes_from: %s", service->string, view->name);
        }
    }
}

static void replicas(const struct move_view *view, struct text *found)
{
    static const char *const counts[] = {"scale", "deploy.replicas"};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        const cJSON *count = json_at(view->service, counts[i]);
        if (cJSON_IsNumber(count) && count->valueint != 1)
            note(found, "the service says %s: %d", counts[i], count->valueint);
    }
    if (text_equal(json_text_at(view->service, "deploy.mode"), "global"))
        note(found, "the service says deploy.mode: global");
    if (cJSON_GetArraySize(view->siblings) > 1)
        note(found, "the service has %d containers", cJSON_GetArraySize(view->siblings));
}

static void ports(const struct move_view *view, struct text *found)
{
    const cJSON *port;
    cJSON_ArrayForEach(port, child(view->service, "ports"))
    {
        const char *published = json_text(port, "published");
        int target = (int)json_number_at(port, "target");
        if (!published || !*published || text_equal(published, "0"))
            note(found, "port %d gets another host port each time", target);
        else if (strchr(published, '-'))
            note(found, "port %d gets any host port of %s", target, published);
    }
}

static void hardware_address(const struct move_view *view, struct text *found)
{
    const cJSON *network;
    if (is_set(view->service, "mac_address"))
        note(found, "the service has a mac_address");
    cJSON_ArrayForEach(network, child(view->service, "networks"))
    {
        if (is_set(network, "mac_address"))
            note(found, "the service has a mac_address on network %s", network->string);
    }
}

static void copied(const struct move_view *view, struct text *found)
{
    const char *name = compose_config_copied(view->config, view->service);
    if (name)
        note(found, "%s stands in no file (environment: or content:)", name);
}

static void hooks(const struct move_view *view, struct text *found)
{
    static const char *const kinds[] = {"post_start", "pre_stop"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (is_set(view->service, kinds[i]))
            note(found, "the service has %s", kinds[i]);
}

static void removed_at_stop(const struct move_view *view, struct text *found)
{
    if (json_true_at(view->container->inspect, "HostConfig.AutoRemove"))
        note(found, "%s was made with --rm", view->container->name);
}

/* Networks that somebody has joined by hand. */
static void other_networks(const struct move_view *view, struct text *found)
{
    const cJSON *network, *entry;
    cJSON_ArrayForEach(network, docker_networks(view->container))
    {
        bool known = false;
        cJSON_ArrayForEach(entry, child(view->config, "networks"))
        {
            known = known || (text_equal(json_text(entry, "name"), network->string) &&
                              child(child(view->service, "networks"), entry->string));
        }
        if (!known && !is_set(view->service, "network_mode"))
            note(found, "%s is on network %s, which the compose file doesn't give it",
                 view->container->name, network->string);
    }
}

static void restarted_with_it(const struct move_view *view, struct text *found)
{
    const cJSON *service;
    cJSON_ArrayForEach(service, child(view->config, "services"))
    {
        const cJSON *dependency = child(child(service, "depends_on"), view->name);
        if (json_true_at(dependency, "restart"))
            note(found, "service %s is to be restarted with it", service->string);
    }
}

/* Where the server keeps its data: its own mount, which the new server has another of. */
static const cJSON *data_mount(const struct move_view *view)
{
    const char *data = docker_container_environment(view->container, "PGDATA");
    return compose_config_mount(view->service, data ? data : "/var/lib/postgresql/data");
}

static bool is_mounted_elsewhere(const struct move_view *view, const char *source)
{
    const cJSON *service, *mount;
    cJSON_ArrayForEach(service, child(view->config, "services"))
    {
        bool own = !strcmp(service->string, view->name);
        cJSON_ArrayForEach(mount, child(service, "volumes"))
        {
            if (!own && text_equal(json_text(mount, "source"), source))
                return true;
        }
    }
    return false;
}

/* The server that comes makes its socket in place of the other one's when it starts. */
static bool holds_sockets(const char *target)
{
    static const char *const places[] = {"/var/run", "/run", "/tmp"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        size_t length = strlen(places[i]);
        if (!strncmp(target, places[i], length) && (!target[length] || target[length] == '/'))
            return true;
    }
    return false;
}

/* Mounts besides the data, but for those that are only read: those that hold sockets or that others
 * have (`shared`), or the rest of them. A second one of the data's own volume, however it is
 * mounted, would stay the old server's. */
static void note_mounts(const struct move_view *view, bool shared, struct text *found)
{
    const cJSON *mount, *data = data_mount(view);
    cJSON_ArrayForEach(mount, child(view->service, "volumes"))
    {
        const char *source = json_text(mount, "source"), *target = json_text(mount, "target");
        bool twice = mount != data && data && text_equal(json_text(data, "source"), source);
        if (mount == data || !source || !target || (json_true_at(mount, "read_only") && !twice))
            continue;
        bool risky = twice || holds_sockets(target) || is_mounted_elsewhere(view, source);
        if (risky == shared)
            note(found, "both servers would have %s at %s", source, target);
    }
}

static void shared_mounts(const struct move_view *view, struct text *found)
{
    note_mounts(view, true, found);
}

static void other_mounts(const struct move_view *view, struct text *found)
{
    note_mounts(view, false, found);
}

/* The engine's own name for a volume that was given none: 64 hexadecimal digits. */
static bool is_anonymous(const char *name)
{
    return strlen(name) == 64 && strspn(name, "0123456789abcdef") == 64;
}

static void anonymous_volumes(const struct move_view *view, struct text *found)
{
    const cJSON *mount;
    cJSON_ArrayForEach(mount, json_at(view->container->inspect, "Mounts"))
    {
        const char *name = json_text(mount, "Name"), *place = json_text(mount, "Destination");
        if (name && place && is_anonymous(name))
            note(found, "%s has a volume without a name at %s", view->container->name, place);
    }
}

static void archiving(const struct move_view *view, struct text *found)
{
    char *command = cJSON_PrintUnformatted(child(view->service, "command"));
    if (command && strstr(command, "archive_"))
        note(found, "the service's command has archive settings");
    cJSON_free(command);
}

const struct move_obstacle obstacles[] = {
    {"network_mode", "own network", "the server's network is its own", NULL, VERDICT_FAIL,
     own_network},
    {"swarm", "swarm", "the container isn't a swarm's", NULL, VERDICT_FAIL, swarm},
    {"links", "links", "nothing is linked the old way", "Networks give names without links.",
     VERDICT_FAIL, links},
    {"sharing", "shared network", "no other container uses the server's network or processes",
     "Such a container would stay with the old server.", VERDICT_FAIL, sharing},
    {"shared", "shared processes", "the server uses no other container's processes or memory", NULL,
     VERDICT_FAIL, shared},
    {"volumes_from", "volumes_from", "no volumes are taken from another container", NULL,
     VERDICT_FAIL, volumes_from},
    {"replicas", "replicas", "the service has one container", NULL, VERDICT_FAIL, replicas},
    {"ports", "published ports", "each published port is fixed, or none is published",
     "Write a fixed port into the compose file.", VERDICT_FAIL, ports},
    {"mac_address", "hardware address", "no hardware address is fixed", NULL, VERDICT_FAIL,
     hardware_address},
    {"copied", "secrets and configs", "each of them stands in a file, or there is none",
     "Put it into a file (file: in the compose file).", VERDICT_FAIL, copied},
    {"hooks", "start and stop hooks", "there are none",
     "Compose runs them, and it isn't Compose that starts and stops here.", VERDICT_FAIL, hooks},
    {"auto_remove", "removal at stop", "the container stays when it is stopped", NULL, VERDICT_FAIL,
     removed_at_stop},
    {"other_networks", "networks joined by hand",
     "the compose file knows all networks of the server",
     "Write the network into the compose file; whoever makes the container anew loses it else.",
     VERDICT_FAIL, other_networks},
    {"shared_mounts", "shared directories", "no directory but the data is shared with others",
     "Clients on a socket in it would reach the new server before everything is on it.",
     VERDICT_FAIL, shared_mounts},
    {"archiving", "archiving", "the service's command doesn't archive the write-ahead log",
     "Both servers would archive into the same place; set it up behind the switchover.",
     VERDICT_FAIL, archiving},
    {"other_mounts", "other directories", "the server writes nowhere but into its data",
     "The new server has it mounted as well while the old one serves.", VERDICT_WARN, other_mounts},
    {"anonymous_volumes", "volumes without a name", "there are none",
     "The new server gets an empty one in its place; the old one stays, but nothing uses it any "
     "more. If what is in it matters, name it in the compose file at a quiet time before.",
     VERDICT_WARN, anonymous_volumes},
    {"restart", "dependents", "no service asks to be restarted with the server",
     "The warm switch restarts nobody; clients connect again by themselves. Restart such a service "
     "afterwards if it needs that.",
     VERDICT_WARN, restarted_with_it},
    {0},
};
