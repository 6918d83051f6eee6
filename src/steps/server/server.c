/* server.c: where a runbook's server is reached. */
#include "steps/server/server.h"

#include "docker/attachment.h"
#include "steps/server/reach.h"

#include <stdlib.h>
#include <string.h>

/* From where it's asked. */
enum viewpoint {
    VIEW_ANY,    /* from inside when there is no other way */
    VIEW_CLIENT, /* never from inside */
    VIEW_INSIDE, /* always */
};

#define DEFAULT_DATABASE "postgres"
#define DEFAULT_USER "postgres"

static bool absent(const struct server_access *access, struct error *error)
{
    error_set(error, ERROR_SERVER, "server \"%s\": there is no container \"%s\"", access->name,
              access->container);
    return error_remedy(error, "Check the container's name: docker ps -a --format '{{.Names}}'");
}

static bool stopped(const struct server_access *access, struct error *error)
{
    error_set(error, ERROR_SERVER, "server \"%s\": container %s doesn't run, it is %s",
              access->name, access->container, access->found.state);
    return error_remedy(error, "Look at docker logs %s, and start it: docker start %s",
                        access->container, access->container);
}

static bool check_running(const struct server_access *access, struct error *error)
{
    if (!access->found.exists)
        return absent(access, error);
    return text_equal(access->found.state, "running") || stopped(access, error);
}

static bool address_of_container(struct server_access *access, struct error *error)
{
    char address[64];
    if (!check_running(access, error))
        return false;
    int port = docker_container_published(&access->found, SERVER_PORT, address, sizeof address);
    const char *own = port ? NULL : docker_container_address(&access->found);
    if (!port && !own) {
        error_set(error, ERROR_SERVER,
                  "server \"%s\": container %s publishes no port for %d and has no address",
                  access->name, access->container, SERVER_PORT);
        return error_remedy(error, "Publish its port, or set host and port of server \"%s\".",
                            access->name);
    }
    access->parameters.host = xstrdup(port ? address : own);
    access->parameters.port = port ? port : SERVER_PORT;
    return true;
}

static bool inspect(struct server_access *access, struct error *error)
{
    access->docker = docker_open(error);
    return (access->docker &&
            docker_inspect(access->docker, access->container, &access->found, error)) ||
           error_wrap(error, "server \"%s\"", access->name);
}

static bool read_port(struct server_access *access, char *text, struct error *error)
{
    long port = SERVER_PORT;
    bool valid = !text || text_to_long(text, 1, 65535, &port);
    if (!valid)
        error_set(error, ERROR_USAGE, "server \"%s\": port \"%s\" is no number from 1 to 65535",
                  access->name, text);
    free(text);
    access->parameters.port = (int)port;
    return valid;
}

static char *setting(const struct step_run *run, const char *name, const char *key,
                     const char *fallback)
{
    char *value = step_server_setting(run, name, key);
    return value || !fallback ? value : xstrdup(fallback);
}

static void describe(struct server_access *access)
{
    struct pg_parameters *parameters = &access->parameters;
    const char *name = access->container ? access->container : access->name;
    parameters->display =
        access->inside ? xprintf("%s (from inside%s)", name,
                                 docker_is_cut_off(&access->found) ? ", it is on no network" : "")
                       : xprintf("%s (%s:%d)", name, parameters->host, parameters->port);
}

static bool locate(const struct step_run *run, struct server_access *access, enum viewpoint view,
                   struct error *error)
{
    bool by_host = access->parameters.host != NULL;
    if (view == VIEW_INSIDE && !server_needs_container(access, error))
        return false;
    access->inside = view == VIEW_INSIDE || (view == VIEW_ANY && docker_is_cut_off(&access->found));
    if (access->inside)
        return reach_inside(&access->found, SERVER_PORT, &access->parameters, &access->relay,
                            error) ||
               error_wrap(error, "server \"%s\"", access->name);
    return by_host ? read_port(access, setting(run, access->name, "port", NULL), error)
                   : address_of_container(access, error);
}

/* `container`: its name or id, in place of the runbook's, or NULL. */
static bool find(const struct step_run *run, const char *name, const char *container,
                 enum viewpoint view, struct server_access *access, struct error *error)
{
    *access = (struct server_access){.name = xstrdup(name ? name : "")};
    if (!runbook_server(run->runbook, access->name))
        return error_set(error, ERROR_RUNBOOK, "the runbook has no server \"%s\"", access->name);
    access->container = container ? xstrdup(container) : setting(run, name, "container", NULL);
    access->parameters.host = setting(run, name, "host", NULL);
    access->parameters.user = setting(run, name, "user", DEFAULT_USER);
    access->parameters.password = setting(run, name, "password", NULL);
    access->parameters.database = setting(run, name, "database", DEFAULT_DATABASE);
    if (!access->parameters.host && !access->container)
        return error_set(error, ERROR_RUNBOOK, "server \"%s\" has neither container nor host",
                         name);
    if (access->container && !inspect(access, error))
        return false;
    bool located = locate(run, access, view, error);
    if (located)
        describe(access);
    return located;
}

bool server_find(const struct step_run *run, const char *name, struct server_access *access,
                 struct error *error)
{
    return find(run, name, NULL, VIEW_ANY, access, error);
}

bool server_find_as_client(const struct step_run *run, const char *name,
                           struct server_access *access, struct error *error)
{
    return find(run, name, NULL, VIEW_CLIENT, access, error);
}

bool server_find_inside(const struct step_run *run, const char *name, struct server_access *access,
                        struct error *error)
{
    return find(run, name, NULL, VIEW_INSIDE, access, error);
}

bool server_find_in(const struct step_run *run, const char *name, const char *id,
                    struct server_access *access, struct error *error)
{
    return find(run, name, id, VIEW_INSIDE, access, error);
}

bool server_find_again(struct server_access *access, struct error *error)
{
    char *id = xstrdup(access->found.id);
    relay_end(access->relay);
    free(access->parameters.network_namespace);
    docker_container_free(&access->found);
    access->relay = NULL;
    access->parameters.network_namespace = NULL;
    bool found =
        docker_inspect(access->docker, id, &access->found, error) && check_running(access, error) &&
        reach_inside(&access->found, SERVER_PORT, &access->parameters, &access->relay, error);
    free(id);
    return found;
}

void server_free(struct server_access *access)
{
    free(access->name);
    free(access->container);
    pg_parameters_free(&access->parameters);
    relay_end(access->relay);
    docker_container_free(&access->found);
    docker_close(access->docker);
    *access = (struct server_access){0};
}

bool server_not_yet(struct step_run *run, const char *name)
{
    if (!run->planning)
        return false;
    struct server_access access;
    struct error ignored = ERROR_INIT;
    bool missing = !server_find(run, name, &access, &ignored) && access.docker &&
                   access.container && !access.found.exists;
    if (missing)
        step_log(run, "container %s isn't there yet: nothing to look at", access.container);
    server_free(&access);
    return missing;
}

bool server_needs_container(const struct server_access *access, struct error *error)
{
    if (access->container)
        return check_running(access, error);
    error_set(error, ERROR_RUNBOOK, "server \"%s\" has no container, in which its tools could run",
              access->name);
    return error_remedy(error, "Give server \"%s\" the setting container.", access->name);
}

void server_environment_add(struct server_environment *environment, const char *name,
                            const char *value)
{
    size_t room = sizeof environment->items / sizeof environment->items[0] - 1;
    if (environment->count < room)
        environment->items[environment->count++] = xprintf("%s=%s", name, value);
}

void server_environment(const struct server_access *access, struct server_environment *environment)
{
    *environment = (struct server_environment){0};
    server_environment_add(environment, "PGUSER", access->parameters.user);
    if (access->parameters.password)
        server_environment_add(environment, "PGPASSWORD", access->parameters.password);
}

void server_environment_free(struct server_environment *environment)
{
    for (size_t i = 0; i < environment->count; i++) {
        explicit_bzero(environment->items[i], strlen(environment->items[i]));
        free(environment->items[i]);
    }
    *environment = (struct server_environment){0};
}

struct pg_connection *server_open(const struct server_access *access, struct error *error)
{
    return pg_open(&access->parameters, 0, error);
}

struct pg_connection *server_open_database(const struct server_access *access, const char *database,
                                           struct error *error)
{
    struct pg_parameters parameters = pg_parameters_for(&access->parameters, database);
    struct pg_connection *connection = pg_open(&parameters, 0, error);
    pg_parameters_free(&parameters);
    return connection;
}

struct pg_connection *server_open_argument(const struct step_run *run, const char *argument,
                                           struct server_access *access, struct error *error)
{
    return server_find(run, step_text(run, argument), access, error) ? server_open(access, error)
                                                                     : NULL;
}

bool server_answers(const struct server_access *access, long timeout_ms, struct error *error)
{
    struct pg_connection *connection = pg_open_plain(&access->parameters, timeout_ms, error);
    bool answered = connection || (error->kind == ERROR_SERVER && !pg_may_come_up(error));
    pg_close(connection);
    return answered;
}
