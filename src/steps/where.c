/* where.c: the engine's address, and its own word on who it is. */
#include "steps/where.h"

#include "base/text.h"
#include "docker/context.h"
#include "docker/endpoint.h"
#include "docker/system.h"

#include <stdlib.h>

bool where_description(char **description, struct error *error)
{
    struct docker_endpoint endpoint;
    *description = NULL;
    bool found = docker_endpoint_find(&endpoint, error);
    bool own = found && !endpoint.context && endpoint.transport == TRANSPORT_SOCKET;
    if (found && !own)
        *description = endpoint.context
                           ? xprintf("%s (context %s)", endpoint.address, endpoint.context)
                           : xstrdup(endpoint.address);
    docker_endpoint_free(&endpoint);
    return found;
}

static bool set_name(const char *name, const char *value, struct error *error)
{
    return setenv(name, value, 1) == 0 || error_errno(error, "can't set %s", name);
}

/* Before it is written anywhere: it mustn't hold a password. */
static bool address_is_good(const char *address, struct error *error)
{
    struct docker_endpoint endpoint = {0};
    bool good = docker_endpoint_read(address, &endpoint, error);
    docker_endpoint_free(&endpoint);
    return good;
}

/* No context is one as well, which the docker command calls so. */
static bool stay_with_context(struct error *error)
{
    char *context = NULL;
    bool set = docker_context_name(&context, error) &&
               set_name("DOCKER_CONTEXT", context ? context : "default", error);
    free(context);
    return set;
}

bool where_stay(struct error *error)
{
    const char *host = getenv("DOCKER_HOST");
    char *configuration = docker_configuration();
    bool set = set_name("DOCKER_CONFIG", configuration, error);
    free(configuration);
    return set && (host && *host ? address_is_good(host, error) : stay_with_context(error));
}

char *where_target_addressed(const char *stack)
{
    struct error ignored = ERROR_INIT; /* the first step that needs the engine says so */
    char *description = NULL;
    where_description(&description, &ignored);
    char *target = description ? xprintf("%s on %s", stack, description) : xstrdup(stack);
    free(description);
    return target;
}

char *where_target_named(const char *stack)
{
    struct docker_system system = {0};
    struct error ignored = ERROR_INIT; /* the first step that needs the engine says so */
    struct docker *docker = docker_open(&ignored);
    bool known = docker && docker_system_read(docker, &system, &ignored) && *system.id;
    char *target = known ? xprintf("%s on host %s (%s, Docker engine %s)", stack, system.name,
                                   system.directory, system.id)
                         : NULL;
    docker_system_free(&system);
    docker_close(docker);
    return target;
}

char *where_target(const char *stack)
{
    char *target = where_target_named(stack);
    return target ? target : where_target_addressed(stack);
}
