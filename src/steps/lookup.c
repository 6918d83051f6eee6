/* lookup.c: one function per kind of source. */
#include "steps/lookup.h"

#include "base/json.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POSTGRES_PORT 5432

static char *copy_or_null(const char *text)
{
    return text && *text ? xstrdup(text) : NULL;
}

static char *from_environment(const struct docker_container *container,
                              const struct variable_source *source)
{
    return copy_or_null(docker_container_environment(container, source->name));
}

static char *from_label(const struct docker_container *container,
                        const struct variable_source *source)
{
    return copy_or_null(docker_container_label(container, source->name));
}

static char *from_mount(const struct docker_container *container,
                        const struct variable_source *source)
{
    (void)source;
    struct docker_mount mount;
    bool found = docker_container_mount(container, docker_container_data(container), &mount);
    return found && text_equal(mount.type, "volume") ? copy_or_null(mount.source) : NULL;
}

static char *from_port(const struct docker_container *container,
                       const struct variable_source *source)
{
    (void)source;
    char address[64];
    int port = docker_container_published(container, POSTGRES_PORT, address, sizeof address);
    return port ? xprintf("%d", port) : NULL;
}

static char *from_image(const struct docker_container *container,
                        const struct variable_source *source)
{
    (void)source;
    return copy_or_null(container->image);
}

static char *(*const readers[])(const struct docker_container *container,
                                const struct variable_source *source) = {
    [SOURCE_CONTAINER] = from_environment, [SOURCE_LABEL] = from_label,
    [SOURCE_MOUNT] = from_mount,           [SOURCE_PORT] = from_port,
    [SOURCE_IMAGE] = from_image,           [SOURCE_ASK] = NULL,
};

/* The container that a server's settings name; the caller frees. */
static char *server_container(const struct runbook *runbook, const char *name, struct error *error)
{
    const struct server *server = runbook_server(runbook, name);
    const char *text =
        server
            ? cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(server->settings, "container"))
            : NULL;
    if (text)
        return runbook_expand_text(runbook, text, NULL, EXPAND_WITH_SECRETS, error);
    error_set(error, ERROR_RUNBOOK, "server \"%s\" has no container to look into", name);
    return NULL;
}

/* The variable that is all of a server's setting "container" ("${old_container}"); the caller
 * frees, NULL when it's made otherwise. */
static char *container_variable(const struct runbook *runbook, const char *server)
{
    const struct server *found = runbook_server(runbook, server);
    const char *text = json_text(found ? found->settings : NULL, "container");
    size_t length = text && text_starts(text, "${") ? strcspn(text + 2, "}") : 0;
    return length && text_equal(text + 2 + length, "}") ? xstrndup(text + 2, length) : NULL;
}

static bool no_container(const char *name, const char *variable, struct error *error)
{
    error_set(error, ERROR_OTHER, "there is no container \"%s\"", name);
    if (!variable)
        return error_remedy(error, "docker ps -a lists what there is.");
    return error_remedy(
        error, "docker ps -a lists what there is; name the right one with --set %s=NAME", variable);
}

static bool read_container(struct lookup *lookup, const struct runbook *runbook, const char *name,
                           const struct variable_source *source, char **value, struct error *error)
{
    struct docker_container container = {0};
    if (!lookup->docker)
        lookup->docker = docker_open(error);
    bool asked = lookup->docker && docker_inspect(lookup->docker, name, &container, error);
    if (asked && container.exists)
        *value = readers[source->kind](&container, source);
    bool missing = asked && !container.exists && !lookup->lenient;
    docker_container_free(&container);
    if (missing) {
        char *variable = container_variable(runbook, source->server);
        no_container(name, variable, error);
        free(variable);
    }
    return asked && !missing;
}

bool lookup_variable(void *context, const struct runbook *runbook, const struct variable *variable,
                     const struct variable_source *source, char **value, struct error *error)
{
    struct lookup *lookup = context;
    *value = NULL;
    if (source->kind == SOURCE_ENVIRONMENT) {
        *value = copy_or_null(getenv(source->name));
        return true;
    }
    if (source->kind == SOURCE_ASK) {
        *value = lookup->ask ? lookup->ask(variable) : NULL;
        return true;
    }
    char *container = server_container(runbook, source->server, error);
    bool looked = container && read_container(lookup, runbook, container, source, value, error);
    free(container);
    return looked || error_wrap(error, "looking for a value of \"%s\"", variable->name);
}

void lookup_close(struct lookup *lookup)
{
    docker_close(lookup->docker);
    lookup->docker = NULL;
}
