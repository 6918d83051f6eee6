/* ready.c: waiting until a server really serves. */
#include "steps/server/ready.h"

#include "base/clock.h"
#include "base/json.h"
#include "docker/logs.h"
#include "postgres/catalog.h"
#include "steps/server/server.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_TIMEOUT_MS 60000L
#define ATTEMPT_MS 3000L
#define PAUSE_MS 50L
#define APART_MS 250
#define VERSION_SIZE 32
#define LOG_LINES 12
#define LOG_BYTES ((size_t)16 << 10)

/* What two looks at a server have to agree on. */
struct look {
    bool answered;
    char started[64]; /* the postmaster's start, as text */
    char version[VERSION_SIZE];
    int major; /* 0: unknown */
    int64_t when_ms;
};

static const char look_sql[] = "SELECT pg_catalog.pg_postmaster_start_time()::text, "
                               "current_setting('server_version'), pg_catalog.pg_is_in_recovery()";

/* A rollback must not hang on a password that nobody knows any more: a server that asks for it
 * serves, whatever its version is. */
static bool serves_at_least(const struct step_run *run, const struct pg_parameters *parameters,
                            struct look *look, const struct error *error)
{
    bool unknown = !parameters->password || !*parameters->password;
    if (!run->undoing || !unknown || !pg_wants_password(error))
        return false;
    text_copy(look->version, sizeof look->version, "(version unknown: no password)");
    look->when_ms = clock_monotonic_ms();
    look->answered = true;
    return true;
}

static bool look_at(const struct step_run *run, const struct pg_parameters *parameters,
                    struct look *look, struct error *error)
{
    *look = (struct look){0};
    struct pg_connection *connection = pg_open_plain(parameters, ATTEMPT_MS, error);
    if (!connection)
        return serves_at_least(run, parameters, look, error);
    pg_limit(connection, ATTEMPT_MS);
    PGresult *result = pg_query(connection, look_sql, 0, NULL, error);
    if (result) {
        text_copy(look->started, sizeof look->started, pg_field(result, 0, 0));
        text_copy(look->version, sizeof look->version, pg_field(result, 0, 1));
        look->answered = !pg_true(result, 0, 2);
        look->major = catalog_major(pg_version(connection));
        look->when_ms = clock_monotonic_ms();
        if (!look->answered)
            error_set(error, ERROR_SERVER, "the database system is in recovery");
    }
    PQclear(result);
    pg_close(connection);
    return look->answered;
}

/* Not the first start after a crash, but one end after the other, by the container's restart
 * policy. */
static bool crashes_again(const struct docker_container *container)
{
    return text_equal(container->state, "restarting") &&
           json_number_at(container->inspect, "RestartCount") >= 2;
}

/* True when the container's end explains the failure; `error` then says so with its last words. */
static bool container_ended(const struct server_access *access, struct error *error)
{
    static const char *const may_come_up[] = {"running", "restarting", "created"};
    if (!access->docker || !access->found.exists)
        return false;
    for (size_t i = 0; i < sizeof may_come_up / sizeof *may_come_up; i++)
        if (text_equal(access->found.state, may_come_up[i]) && !crashes_again(&access->found))
            return false;
    struct text log = {0};
    struct error ignored = ERROR_INIT;
    docker_logs(access->docker, access->container, 0, LOG_LINES, LOG_BYTES, &log, &ignored);
    error_set(error, ERROR_SERVER,
              "container %s has ended (%s, exit status %d); its last lines:\n%s", access->container,
              access->found.state, access->found.exit_code, text_string(&log));
    error_remedy(error,
                 "docker logs %s says more. A data directory of another major, a full disk "
                 "and a missing POSTGRES_PASSWORD are the usual causes.",
                 access->container);
    text_free(&log);
    return true;
}

static bool wrong_major(const struct ready *ready, const struct look *look, struct error *error)
{
    if (!ready->major || !look->major || ready->major == look->major)
        return false;
    error_set(error, ERROR_SERVER, "server \"%s\" is PostgreSQL %s, expected was %d", ready->server,
              look->version, ready->major);
    error_remedy(error, "Check the image, and that the port leads to the container that is meant.");
    return true;
}

/* Nothing that waiting could mend: the container's name, a password, another major. */
static bool hopeless(const struct server_access *access, bool found, struct error *error)
{
    if (container_ended(access, error))
        return true;
    return found && error->kind == ERROR_SERVER &&
           strstr(error->message, "can't connect") != NULL && !pg_may_come_up(error);
}

/* One look; *look says what was seen. Returns false when it is hopeless. */
static bool try_once(struct step_run *run, const struct ready *ready, struct look *look,
                     struct error *error)
{
    struct server_access access;
    *look = (struct look){0};
    bool found = ready->inside ? server_find(run, ready->server, &access, error)
                               : server_find_as_client(run, ready->server, &access, error);
    bool seen = found && look_at(run, &access.parameters, look, error);
    bool lost = seen ? wrong_major(ready, look, error) : hopeless(&access, found, error);
    server_free(&access);
    return !lost;
}

static bool same_server(const struct look *first, const struct look *second)
{
    return first->answered && second->answered && !strcmp(first->started, second->started) &&
           second->when_ms - first->when_ms >= APART_MS;
}

static bool too_late(const struct ready *ready, long timeout_ms, struct error *error)
{
    char limit[24];
    error_wrap(error, "server \"%s\" was not ready after %s", ready->server,
               text_duration(limit, sizeof limit, timeout_ms));
    if (ready->after_switchover)
        error_remedy(error, "Check that the container runs and is healthy (docker compose ps), its "
                            "port mapping (docker port CONTAINER), and that the server accepts "
                            "connections (docker exec CONTAINER pg_isready). R rolls back.");
    return false;
}

bool server_wait_ready(struct step_run *run, const struct ready *ready, char *version,
                       struct error *error)
{
    long timeout_ms = ready->timeout_ms ? ready->timeout_ms : DEFAULT_TIMEOUT_MS;
    int64_t deadline = clock_monotonic_ms() + timeout_ms;
    struct look first = {0}, look;
    for (;;) {
        if (!try_once(run, ready, &look, error))
            return false;
        if (ready->inside ? look.answered : same_server(&first, &look))
            break;
        if (!look.answered || !first.answered || strcmp(first.started, look.started) != 0)
            first = look;
        if (clock_monotonic_ms() >= deadline)
            return too_late(ready, timeout_ms, error);
        clock_sleep_ms(look.answered ? APART_MS : PAUSE_MS);
    }
    if (version)
        text_copy(version, VERSION_SIZE, look.version);
    return true;
}
