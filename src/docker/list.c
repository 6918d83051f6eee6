/* list.c: which containers there are, what runs in them, and which holds a volume or a port. */
#include "docker/lifecycle.h"

#include "base/json.h"
#include "docker/connection.h"

#include <stdlib.h>
#include <string.h>

bool docker_list(struct docker *docker, const cJSON *filter, cJSON **list, struct error *error)
{
    char *json = filter ? cJSON_PrintUnformatted(filter) : NULL;
    char *value = docker_escape(json ? json : "{}");
    char *path = xprintf("/containers/json?all=1&filters=%s", value);
    int status = 0;
    bool listed = docker_call(docker, "GET", path, NULL, 0, &status, list, error) &&
                  docker_accepted(status, *list, error, "listing containers");
    free(path);
    free(value);
    cJSON_free(json);
    if (listed && !cJSON_IsArray(*list)) {
        cJSON_Delete(*list);
        listed = error_set(error, ERROR_DOCKER, "Docker's list of containers is no list");
    }
    if (!listed)
        *list = NULL;
    return listed;
}

bool docker_list_by(struct docker *docker, const char *filter, const char *value, cJSON **list,
                    struct error *error)
{
    cJSON *filters = cJSON_CreateObject();
    cJSON *values = cJSON_AddArrayToObject(filters, filter);
    cJSON_AddItemToArray(values, cJSON_CreateString(value));
    bool listed = docker_list(docker, filters, list, error);
    cJSON_Delete(filters);
    return listed;
}

static bool is_one_of(const char *program, const char *const *names)
{
    for (; *names; names++)
        if (text_equal(program, *names))
            return true;
    return false;
}

bool docker_runs_program(struct docker *docker, const char *container, const char *const *names,
                         bool *runs, struct error *error)
{
    char *part = docker_escape(container);
    char *path = xprintf("/containers/%s/top?ps_args=-o%%20pid,comm", part);
    int status = 0;
    cJSON *answer = NULL;
    bool asked = docker_call(docker, "GET", path, NULL, 0, &status, &answer, error) &&
                 docker_accepted(status, answer, error, "the processes of container %s", container);
    free(path);
    free(part);
    *runs = false;
    if (!asked)
        return false;
    const cJSON *process;
    cJSON_ArrayForEach(
        process,
        cJSON_GetObjectItemCaseSensitive(
            answer,
            "Processes")) if (is_one_of(cJSON_GetStringValue(cJSON_GetArrayItem(process, 1)),
                                        names)) *runs = true;
    cJSON_Delete(answer);
    return true;
}

const char *docker_listed_name(const cJSON *entry)
{
    const cJSON *names = cJSON_GetObjectItemCaseSensitive(entry, "Names");
    const cJSON *item;
    const char *found = "";
    /* A link from another container shows as a second name with two slashes. */
    cJSON_ArrayForEach(item, names)
    {
        const char *name = cJSON_GetStringValue(item);
        if (name && name[0] == '/' && !strchr(name + 1, '/'))
            found = name + 1;
    }
    return found;
}

void docker_listed_names(const cJSON *list, struct text *text)
{
    int count = cJSON_GetArraySize(list), index = 0;
    const cJSON *entry;
    cJSON_ArrayForEach(entry, list)
    {
        const char *between = index == 0 ? "" : (index == count - 1 ? " and " : ", ");
        text_printf(text, "%s%s", between, docker_listed_name(entry));
        index++;
    }
}

static bool is_for_all(const char *address)
{
    return !address || !*address || !strcmp(address, "0.0.0.0") || !strcmp(address, "::");
}

/* One for all of IPv4 doesn't meet one of IPv6, nor the other way round. */
static bool addresses_meet(const char *one, const char *other)
{
    bool known = one && *one && other && *other;
    if (known && !strchr(one, ':') != !strchr(other, ':'))
        return false;
    return !known || is_for_all(one) || is_for_all(other) || !strcmp(one, other);
}

static bool publishes(const cJSON *entry, const struct docker_host_port *port)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(entry, "Ports"))
    {
        const char *type = json_text(item, "Type");
        if ((int)json_number_at(item, "PublicPort") == port->port &&
            (!type || !strcmp(type, port->protocol)) &&
            addresses_meet(json_text(item, "IP"), port->address))
            return true;
    }
    return false;
}

bool docker_port_holder(struct docker *docker, const struct docker_host_port *port,
                        const char *except, char **holder, struct error *error)
{
    cJSON *list = NULL;
    const cJSON *entry;
    *holder = NULL;
    if (!docker_list(docker, NULL, &list, error))
        return false;
    cJSON_ArrayForEach(entry, list)
    {
        const char *name = docker_listed_name(entry);
        bool other = !except || strcmp(name, except) != 0;
        if (*holder == NULL && other && publishes(entry, port))
            *holder = xstrdup(name);
    }
    cJSON_Delete(list);
    return true;
}

char *docker_nearest_container(struct docker *docker, const char *wrong)
{
    struct error ignored = ERROR_INIT;
    struct text_list names = {0};
    cJSON *list = NULL;
    const cJSON *entry;
    if (!docker_list(docker, NULL, &list, &ignored))
        return NULL;
    cJSON_ArrayForEach(entry, list) text_list_add(&names, docker_listed_name(entry));
    const char *nearest = text_nearest(wrong, (const char *const *)names.items, names.count);
    char *copy = nearest ? xstrdup(nearest) : NULL;
    text_list_free(&names);
    cJSON_Delete(list);
    return copy;
}

static void list_running(struct docker *docker, struct text *text)
{
    struct error ignored = ERROR_INIT;
    cJSON *list = NULL;
    if (docker_list_by(docker, "status", "running", &list, &ignored))
        docker_listed_names(list, text);
    cJSON_Delete(list);
}

bool docker_no_container(struct docker *docker, const char *name, struct error *error)
{
    struct text running = {0};
    char *nearest = docker_nearest_container(docker, name);
    list_running(docker, &running);
    error_set(error, ERROR_OTHER, "there is no container named %s", name);
    if (nearest)
        error_remedy(error, "Did you mean %s? Set the right name with --set, or see docker ps -a.",
                     nearest);
    else if (running.length)
        error_remedy(error, "Running are: %s. Set the right name with --set.",
                     text_string(&running));
    else
        error_remedy(error, "No container runs at all; docker ps -a lists the stopped ones.");
    text_free(&running);
    free(nearest);
    return false;
}
