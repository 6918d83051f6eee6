/* container.c: what the engine says about one container, and the parts of it that steps ask for. */
#include "docker/connection.h"

#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ".042123Z" as 42. */
static int64_t milliseconds_of(const char *fraction)
{
    int64_t value = 0;
    if (*fraction != '.')
        return 0;
    fraction++;
    for (int64_t unit = 100; unit && *fraction >= '0' && *fraction <= '9'; unit /= 10, fraction++)
        value += (*fraction - '0') * unit;
    return value;
}

int64_t docker_time(const char *text)
{
    struct tm parts = {0};
    const char *rest = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &parts) : NULL;
    if (!rest || parts.tm_year < 70) /* Docker writes year 1 for "never" */
        return 0;
    return (int64_t)timegm(&parts) * 1000 + milliseconds_of(rest);
}

static char *copy_at(const cJSON *inspect, const char *path)
{
    const char *text = json_text_at(inspect, path);
    return xstrdup(text ? text : "");
}

static void fill(struct docker_container *container, cJSON *inspect)
{
    container->exists = true;
    container->inspect = inspect;
    container->id = copy_at(inspect, "Id");
    char *name = copy_at(inspect, "Name");
    container->name = xstrdup(name[0] == '/' ? name + 1 : name);
    free(name);
    container->image = copy_at(inspect, "Config.Image");
    container->image_id = copy_at(inspect, "Image");
    container->state = copy_at(inspect, "State.Status");
    container->health = copy_at(inspect, "State.Health.Status");
    container->started_ms = docker_time(json_text_at(inspect, "State.StartedAt"));
    container->exit_code = (int)json_number_at(inspect, "State.ExitCode");
    container->process = (int)json_number_at(inspect, "State.Pid");
}

bool docker_inspect(struct docker *docker, const char *name, struct docker_container *container,
                    struct error *error)
{
    *container = (struct docker_container){0};
    char *part = docker_escape(name);
    char *path = xprintf("/containers/%s/json", part);
    free(part);
    int status = 0;
    cJSON *answer = NULL;
    bool called = docker_call(docker, "GET", path, NULL, 0, &status, &answer, error);
    free(path);
    if (!called)
        return error_wrap(error, "asking for container %s", name);
    if (status == 404 || !*name) {
        cJSON_Delete(answer);
        return true;
    }
    if (!docker_accepted(status, answer, error, "asking for container %s", name))
        return false;
    fill(container, answer);
    return true;
}

void docker_container_free(struct docker_container *container)
{
    free(container->id);
    free(container->name);
    free(container->image);
    free(container->image_id);
    free(container->state);
    free(container->health);
    cJSON_Delete(container->inspect);
    *container = (struct docker_container){0};
}

const char *docker_environment_in(const cJSON *list, const char *name)
{
    size_t length = strlen(name);
    const cJSON *entry;
    cJSON_ArrayForEach(entry, list)
    {
        const char *text = cJSON_GetStringValue(entry);
        if (text && !strncmp(text, name, length) && text[length] == '=')
            return text + length + 1;
    }
    return NULL;
}

const char *docker_container_environment(const struct docker_container *container, const char *name)
{
    return docker_environment_in(json_at(container->inspect, "Config.Env"), name);
}

const char *docker_container_data(const struct docker_container *container)
{
    const char *data = docker_container_environment(container, "PGDATA");
    return data && *data ? data : DOCKER_POSTGRES_DATA;
}

bool docker_is_running(const struct docker_container *container)
{
    return container->exists && text_equal(container->state, "running");
}

const char *docker_container_label(const struct docker_container *container, const char *name)
{
    return json_text(json_at(container->inspect, "Config.Labels"), name);
}

/* An address that listens on every interface is reached through the loopback one. */
static const char *reachable(const char *address)
{
    if (!address || !*address || !strcmp(address, "0.0.0.0"))
        return "127.0.0.1";
    return strcmp(address, "::") ? address : "::1";
}

/* The running container's bindings, or of one that doesn't run those that it will get. */
static const cJSON *bindings_of(const struct docker_container *container, const char *key)
{
    const cJSON *running = json_at(container->inspect, "NetworkSettings.Ports");
    const cJSON *bindings = cJSON_GetObjectItemCaseSensitive(running, key);
    if (cJSON_GetArraySize(bindings) > 0)
        return bindings;
    return cJSON_GetObjectItemCaseSensitive(json_at(container->inspect, "HostConfig.PortBindings"),
                                            key);
}

static long host_port(const cJSON *binding)
{
    const char *text = json_text(binding, "HostPort");
    long number = 0;
    return text && text_to_long(text, 1, 65535, &number) ? number : 0;
}

int docker_container_published(const struct docker_container *container, int port, char *address,
                               size_t size)
{
    char key[32];
    snprintf(key, sizeof key, "%d/tcp", port);
    const cJSON *binding;
    cJSON_ArrayForEach(binding, bindings_of(container, key))
    {
        long number = host_port(binding);
        if (number && address)
            text_copy(address, size, reachable(json_text(binding, "HostIp")));
        if (number)
            return (int)number;
    }
    return 0;
}

/* "5432/tcp" as 5432; 0 for another protocol's. */
static int port_of(const char *key)
{
    char digits[8];
    long number = 0;
    size_t length = strcspn(key, "/");
    if (length >= sizeof digits || strcmp(key + length, "/tcp") != 0)
        return 0;
    snprintf(digits, sizeof digits, "%.*s", (int)length, key);
    return text_to_long(digits, 1, 65535, &number) ? (int)number : 0;
}

int docker_container_port_behind(const struct docker_container *container, int published,
                                 char *address, size_t size)
{
    const cJSON *port, *binding;
    cJSON_ArrayForEach(port, json_at(container->inspect, "HostConfig.PortBindings"))
    {
        cJSON_ArrayForEach(binding, bindings_of(container, port->string))
        {
            const char *ip = json_text(binding, "HostIp");
            if (host_port(binding) != published || !port_of(port->string))
                continue;
            text_copy(address, size, ip && *ip ? ip : "0.0.0.0");
            return port_of(port->string);
        }
    }
    return 0;
}

const char *docker_container_address(const struct docker_container *container)
{
    const cJSON *network;
    cJSON_ArrayForEach(network, json_at(container->inspect, "NetworkSettings.Networks"))
    {
        const char *address = json_text(network, "IPAddress");
        if (address && *address)
            return address;
    }
    return NULL;
}

bool docker_path_holds(const char *directory, const char *path)
{
    size_t length = strlen(directory);
    while (length > 1 && directory[length - 1] == '/')
        length--;
    if (length == 1 && directory[0] == '/')
        return path[0] == '/';
    return length > 0 && !strncmp(directory, path, length) &&
           (path[length] == '\0' || path[length] == '/');
}

bool docker_container_mount(const struct docker_container *container, const char *path,
                            struct docker_mount *mount)
{
    const cJSON *item;
    size_t deepest = 0;
    *mount = (struct docker_mount){0};
    cJSON_ArrayForEach(item, json_at(container->inspect, "Mounts"))
    {
        const char *destination = json_text(item, "Destination");
        if (!destination || strlen(destination) < deepest || !docker_path_holds(destination, path))
            continue;
        deepest = strlen(destination);
        mount->destination = destination;
        mount->type = json_text(item, "Type");
        const char *volume = json_text(item, "Name");
        mount->source = volume && *volume ? volume : json_text(item, "Source");
    }
    return mount->destination != NULL;
}
