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

bool where_stay(struct error *error)
{
    const char *host = getenv("DOCKER_HOST");
    char *context = NULL;
    if (host && *host)
        return true;
    bool known = docker_context_name(&context, error);
    bool set = known && (!context || setenv("DOCKER_CONTEXT", context, 1) == 0 ||
                         error_errno(error, "can't set DOCKER_CONTEXT"));
    free(context);
    return set;
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
