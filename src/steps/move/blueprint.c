/* blueprint.c: the container that Compose would make of a service. */
#include "steps/move/blueprint.h"

#include "base/file.h"
#include "base/json.h"
#include "compose/alone.h"
#include "docker/attachment.h"
#include "docker/lifecycle.h"
#include "docker/network.h"
#include "steps/record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CREATE_MS 120000L
#define HASH_DIGITS 16
#define RECORD                                                                                     \
    "blueprint.json" /* in the run's directory while there may be something to remove              \
                      */

/* What is known while one is made. */
struct making {
    struct docker *docker;
    const struct stack *stack;
    const cJSON *config;
    const char *service;
    char *project; /* of the container that is never started; the same in every run, so that the
                      next one finds what this one left */
    char *hash;    /* of the service in the stack's own project */
};

static cJSON *child(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

/* Neither a container's name nor a project's may be of any length. */
static char *project_of(const char *stack, const char *service)
{
    char hex[SHA256_HEX_SIZE];
    char *whole = xprintf("%s/%s", stack, service);
    sha256_bytes(whole, strlen(whole), hex);
    free(whole);
    return xprintf("pgrunbook-%.*s", HASH_DIGITS, hex);
}

static bool find_hash(struct making *making, struct error *error)
{
    struct stack_resolved resolved;
    stack_resolve(making->stack, making->config, &resolved);
    bool found = compose_hash(&resolved.project, making->service, &making->hash, error);
    stack_resolved_free(&resolved);
    return found;
}

static bool list_made(struct docker *docker, const char *project, cJSON **list, struct error *error)
{
    char *label = xprintf(COMPOSE_LABEL("project") "=%s", project);
    bool listed = docker_list_by(docker, "label", label, list, error);
    free(label);
    return listed;
}

/* Its anonymous volumes go with it: nothing was ever written to them. */
static bool remove_made(struct docker *docker, const char *project, struct error *error)
{
    cJSON *list = NULL;
    const cJSON *entry;
    bool done = list_made(docker, project, &list, error);
    cJSON_ArrayForEach(entry, list)
    {
        const char *id = json_text(entry, "Id");
        done = done && id && docker_remove(docker, id, true, error);
    }
    cJSON_Delete(list);
    return done;
}

/* ---- what is left of it when the program dies ---- */

static bool record_project(const char *path, const char *project, struct error *error)
{
    cJSON *record = cJSON_CreateObject();
    cJSON_AddStringToObject(record, "project", project);
    bool written = record_write(path, record, error);
    cJSON_Delete(record);
    return written;
}

static bool forget_project(const char *path, struct error *error)
{
    return unlink(path) == 0 || errno == ENOENT || error_errno(error, "can't remove %s", path);
}

bool blueprint_clean_up(const struct step_run *run, struct docker *docker, struct error *error)
{
    cJSON *record = NULL;
    char *path = file_join(run->directory, RECORD);
    bool there = file_exists(path), done = !there || record_read(path, &record, error);
    const char *project = json_text(record, "project");
    if (done && project)
        done = remove_made(docker, project, error);
    if (done && there)
        done = forget_project(path, error);
    cJSON_Delete(record);
    free(path);
    return done;
}

/* ---- making it ---- */

static bool let_compose_make(const struct making *making, struct error *error)
{
    struct text_list others = {0};
    struct stack_resolved resolved;
    cJSON *alone = compose_config_alone(making->config, making->service, making->project, &others);
    stack_resolve(making->stack, alone, &resolved);
    resolved.project.name = making->project;
    struct compose_up up = {
        .service = making->service, .without = &others, .timeout_ms = CREATE_MS};
    bool made = compose_up(&resolved.project, &up, error);
    stack_resolved_free(&resolved);
    cJSON_Delete(alone);
    text_list_free(&others);
    return made;
}

static bool look_at(const struct making *making, struct docker_container *container,
                    struct error *error)
{
    cJSON *list = NULL;
    if (!list_made(making->docker, making->project, &list, error))
        return false;
    int count = cJSON_GetArraySize(list);
    const char *id = json_text(cJSON_GetArrayItem(list, 0), "Id");
    bool found = count == 1 && id;
    if (!found)
        error_set(error, ERROR_OTHER, "Compose makes %d containers of service %s, not one", count,
                  making->service);
    else
        found = docker_inspect(making->docker, id, container, error);
    cJSON_Delete(list);
    return found;
}

/* What Compose calls it: by its container_name, else as it calls this one, with the stack's
 * project in place of this one's. */
static char *name_of(const struct making *making, const struct docker_container *made)
{
    const cJSON *service = child(child(making->config, "services"), making->service);
    const char *given = json_text(service, "container_name");
    if (given)
        return xstrdup(given);
    const char *rest =
        text_starts(made->name, making->project) ? made->name + strlen(making->project) : "";
    return xprintf("%s%s", making->stack->project.name, rest);
}

static void set_text(cJSON *object, const char *name, const char *value)
{
    cJSON_DeleteItemFromObjectCaseSensitive(object, name);
    cJSON_AddStringToObject(object, name, value);
}

static cJSON *settings_of(const struct making *making, const struct docker_container *made)
{
    cJSON *settings = cJSON_Duplicate(json_at(made->inspect, "Config"), true);
    cJSON *labels = child(settings, "Labels");
    struct text files = {0};
    for (size_t i = 0; i < making->stack->files.count; i++)
        text_printf(&files, "%s%s", i ? "," : "", making->stack->files.items[i]);
    set_text(labels, COMPOSE_LABEL("project"), making->stack->project.name);
    set_text(labels, COMPOSE_LABEL("project.config_files"), text_string(&files));
    set_text(labels, COMPOSE_LABEL("config-hash"), making->hash);
    const char *host = json_text(settings, "Hostname");
    if (host && docker_is_short_id(host, made->id))
        cJSON_DeleteItemFromObjectCaseSensitive(settings, "Hostname");
    text_free(&files);
    return settings;
}

/* Compose names an external network by its id, one of its own by its name; here all are external.
 */
static bool is_external(const cJSON *config, const char *name)
{
    const cJSON *entry;
    cJSON_ArrayForEach(entry, child(config, "networks"))
    {
        if (text_equal(json_text(entry, "name"), name))
            return json_true_at(entry, "external");
    }
    return false;
}

/* *first gets the name of the network that is joined first, NULL without one; the caller frees. */
static bool host_of(const struct making *making, const struct docker_container *made, cJSON **host,
                    char **first, struct error *error)
{
    cJSON *network = NULL;
    *host = cJSON_Duplicate(json_at(made->inspect, "HostConfig"), true);
    const char *mode = json_text(*host, "NetworkMode");
    if (!docker_networks_are_own(made))
        return true;
    if (!docker_network_inspect(making->docker, mode, &network, error))
        return false;
    const char *name = json_text(network, "Name");
    if (name && !is_external(making->config, name))
        set_text(*host, "NetworkMode", name);
    *first = name ? xstrdup(name) : NULL;
    cJSON_Delete(network);
    return true;
}

static cJSON *aliases_of(const cJSON *endpoint, const struct docker_container *made,
                         const char *name)
{
    cJSON *aliases = cJSON_CreateArray();
    const cJSON *alias;
    cJSON_ArrayForEach(alias, child(endpoint, "Aliases"))
    {
        const char *text = cJSON_GetStringValue(alias);
        if (text && !docker_is_short_id(text, made->id))
            cJSON_AddItemToArray(aliases,
                                 cJSON_CreateString(text_equal(text, made->name) ? name : text));
    }
    return aliases;
}

static void add_endpoint(cJSON *networks, const cJSON *network, const struct docker_container *made,
                         const char *name)
{
    static const char *const kept[] = {"IPAMConfig", "Links", "DriverOpts", "GwPriority"};
    cJSON *endpoint = cJSON_AddObjectToObject(networks, network->string);
    cJSON_AddItemToObject(endpoint, "Aliases", aliases_of(network, made, name));
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (child(network, kept[i]))
            cJSON_AddItemToObject(endpoint, kept[i],
                                  cJSON_Duplicate(child(network, kept[i]), true));
}

/* The one that is joined first stands first. */
static cJSON *networks_of(const struct docker_container *made, const char *first, const char *name)
{
    cJSON *networks = cJSON_CreateObject();
    const cJSON *network, *all = docker_networks(made);
    const cJSON *leading = first ? child(all, first) : NULL;
    if (leading)
        add_endpoint(networks, leading, made, name);
    cJSON_ArrayForEach(network, all)
    {
        if (network != leading)
            add_endpoint(networks, network, made, name);
    }
    return networks;
}

static bool take(const struct making *making, struct blueprint *blueprint, struct error *error)
{
    struct docker_container made = {0};
    char *first = NULL;
    bool taken =
        look_at(making, &made, error) && host_of(making, &made, &blueprint->host, &first, error);
    if (taken) {
        blueprint->name = name_of(making, &made);
        blueprint->settings = settings_of(making, &made);
        blueprint->networks = networks_of(&made, first, blueprint->name);
    }
    free(first);
    docker_container_free(&made);
    return taken;
}

static bool make(struct making *making, struct blueprint *blueprint, struct error *error)
{
    struct error ignored = ERROR_INIT; /* the first one counts; a leftover is found next time */
    bool made = remove_made(making->docker, making->project, error) && find_hash(making, error) &&
                let_compose_make(making, error) && take(making, blueprint, error);
    bool removed = remove_made(making->docker, making->project, made ? error : &ignored);
    return made && removed;
}

bool blueprint_make(const struct step_run *run, struct docker *docker, const struct stack *stack,
                    const cJSON *config, const char *service, struct blueprint *blueprint,
                    struct error *error)
{
    struct making making = {.docker = docker, .stack = stack, .config = config, .service = service};
    char *path = file_join(run->directory, RECORD);
    *blueprint = (struct blueprint){0};
    making.project = project_of(stack->project.name, service);
    bool made = record_project(path, making.project, error) && make(&making, blueprint, error) &&
                forget_project(path, error);
    free(making.project);
    free(making.hash);
    free(path);
    return made || error_wrap(error, "asking Compose what it would make of service %s", service);
}

void blueprint_free(struct blueprint *blueprint)
{
    free(blueprint->name);
    cJSON_Delete(blueprint->settings);
    cJSON_Delete(blueprint->host);
    cJSON_Delete(blueprint->networks);
    *blueprint = (struct blueprint){0};
}
