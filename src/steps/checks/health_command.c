/* health_command.c: health checks that run by a shell, where the server inherits what they leave.
 */
#include "steps/checks/health_command.h"

#include "base/json.h"
#include "base/text.h"

#include <string.h>

static const char remedy[] =
    "In the compose file: healthcheck: {test: [\"CMD\", \"pg_isready\", \"-U\", \"postgres\"]} "
    "instead of a command line (CMD-SHELL), or init: true for the service.";

static bool by_shell(const struct docker_container *container)
{
    const cJSON *test = json_at(container->inspect, "Config.Healthcheck.Test");
    return text_equal(cJSON_GetStringValue(cJSON_GetArrayItem(test, 0)), "CMD-SHELL");
}

static bool has_init(const struct docker_container *container)
{
    return cJSON_IsTrue(json_at(container->inspect, "HostConfig.Init"));
}

/* The image's entry point may have become the server, or stand before it. */
static bool server_is_first(const struct server_access *access, bool *first, struct error *error)
{
    static const char *const arguments[] = {"cat", "/proc/1/comm", NULL};
    struct text name = {0};
    int exit_status = 0;
    bool asked = docker_exec_collect(access->docker, access->container, arguments, &name, NULL,
                                     &exit_status, error);
    *first = exit_status == 0 && text_starts(text_string(&name), "postgres");
    text_free(&name);
    return asked ||
           error_wrap(error, "asking for the first process of container %s", access->container);
}

bool health_command_check(struct findings *findings, const struct server_access *access,
                          struct error *error)
{
    bool first = false;
    const struct docker_container *container = &access->found;
    if (!access->container || !container->exists)
        return true;
    if (by_shell(container) && !has_init(container) && !server_is_first(access, &first, error))
        return false;
    struct finding finding = {"health-check", "health check", remedy,
                              first ? VERDICT_WARN : VERDICT_PASS};
    finding_add(findings, &finding, "%s",
                first ? "it runs by a shell (CMD-SHELL): when one takes too long, the server may "
                        "inherit its pg_isready, take the exit status of that for a crashed "
                        "session, end all sessions and empty unlogged tables"
                      : "it can't be taken for a session of the server");
    return true;
}
