/* restore_durable.c: from a server that is fit for loading only to one that may serve. */
#include "steps/restore/restore_loading.h"

#include "base/clock.h"
#include "base/json.h"
#include "docker/lifecycle.h"
#include "steps/docker/docker_common.h"
#include "steps/docker/loading.h"
#include "steps/server/ready.h"

#include <stdlib.h>

#define STOP_GRACE_MS 600000L /* the checkpoint at its end writes all that is in memory */
#define READY_MS 120000L
#define WORDS_MAX ((size_t)4 << 10)

/* In its own name from now on; what runs goes on under the other one until it's stopped. */
static bool put_in_place(const struct step_run *run, struct docker *docker,
                         const struct docker_container *container, const char *aside,
                         struct error *error)
{
    cJSON *labels = step_labels(run);
    bool done = docker_rename(docker, container->name, aside, error) &&
                docker_create_like(docker, container, container->name, labels, error);
    cJSON_Delete(labels);
    return done;
}

/* Without fsync the checkpoint of its end waits for no disk: it needs none before. */
static bool stop_in_order(const struct server_access *access, const char *aside,
                          struct error *error)
{
    struct docker_container container = {0};
    bool done = docker_inspect(access->docker, aside, &container, error);
    if (done && container.started_ms != access->found.started_ms) {
        done = error_set(error, ERROR_OTHER, "container %s was restarted while it was loaded",
                         access->found.name);
        error_remedy(error, "Retry the step: it begins with an empty volume.");
    }
    done = done && docker_stop(access->docker, aside, STOP_GRACE_MS, error);
    docker_container_free(&container);
    if (!done || !docker_inspect(access->docker, aside, &container, error))
        return false;
    if (container.exit_code != 0) {
        done = error_set(error, ERROR_OTHER, "the server in %s ended with status %d", aside,
                         container.exit_code);
        error_remedy(error,
                     "docker logs %s says why; retry the step, it begins with an empty "
                     "volume.",
                     aside);
    }
    docker_container_free(&container);
    return done;
}

static bool collect(void *context, const char *bytes, size_t length, struct error *error)
{
    struct text *words = context;
    size_t room = words->length < WORDS_MAX ? WORDS_MAX - words->length : 0;
    (void)error;
    text_append(words, bytes, length < room ? length : room);
    return true;
}

/* The server may start meanwhile: what it writes, it syncs itself. */
static bool sync_files(const struct server_access *access, struct error *error)
{
    const char *data = loading_data(&access->found);
    const char *const arguments[] = {"initdb", "--sync-only", "--pgdata", data, NULL};
    struct text words = {0};
    struct docker_exec exec = {.container = access->found.name,
                               .arguments = arguments,
                               .user = "postgres",
                               .write_error = collect,
                               .context = &words};
    int status = -1;
    bool done = docker_exec_run(access->docker, &exec, &status, error);
    if (done && status != 0) {
        done = error_set(error, ERROR_OTHER, "initdb --sync-only ended with status %d: %s", status,
                         text_string(&words));
        error_remedy(error, "The disk may be failing: look at dmesg on the engine's machine.");
    }
    text_free(&words);
    return done || error_wrap(error, "writing the data to disk");
}

/* Source: PostgreSQL manual, pg_settings: "command line" is the only place that the settings for
 * loading are given in. */
static bool none_left(const struct server_access *access, const char *label, struct error *error)
{
    static const char sql[] =
        "SELECT coalesce(pg_catalog.string_agg(name || ' = ' || setting, ', ' ORDER BY name), '') "
        "FROM pg_catalog.pg_settings WHERE source = 'command line' AND name = ANY ($1::text[]) "
        "OR name IN ('fsync', 'full_page_writes') AND setting = 'off'";
    char *names = loading_names_not_in(label, json_at(access->found.inspect, "Config.Cmd"));
    const char *const values[] = {names};
    struct pg_connection *connection = server_open(access, error);
    PGresult *result = connection ? pg_query(connection, sql, 1, values, error) : NULL;
    bool none = result && !*pg_field(result, 0, 0);
    if (result && !none)
        error_set(error, ERROR_OTHER, "the server is still set for loading: %s",
                  pg_field(result, 0, 0));
    PQclear(result);
    pg_close(connection);
    free(names);
    return none;
}

static bool find_again(struct step_run *run, struct server_access *access, struct error *error)
{
    const struct ready ready = {.server = access->name, .timeout_ms = READY_MS, .inside = true};
    char *name = xstrdup(access->name);
    bool done = server_wait_ready(run, &ready, NULL, error);
    if (done) {
        server_free(access);
        done = server_find(run, name, access, error);
    }
    free(name);
    return done;
}

bool restore_loading_finish(struct step_run *run, struct server_access *access, struct error *error)
{
    if (!loading_is(&access->found))
        return true;
    int64_t began_ms = clock_monotonic_ms();
    char took[24], *aside = loading_aside(access->found.name);
    char *label = xstrdup(docker_container_label(&access->found, LABEL_LOADING));
    bool done = put_in_place(run, access->docker, &access->found, aside, error) &&
                stop_in_order(access, aside, error) &&
                docker_start(access->docker, access->found.name, error) &&
                sync_files(access, error) && find_again(run, access, error) &&
                none_left(access, label, error);
    free(label);
    free(aside);
    if (!done)
        return error_wrap(error, "making the copy durable");
    step_check(run, "durable", VERDICT_PASS,
               "all files written to disk, the server started anew without its settings for "
               "loading, in %s",
               text_duration(took, sizeof took, (long)(clock_monotonic_ms() - began_ms)));
    return true;
}

bool restore_loading_end(struct step_run *run, const struct server_access *access,
                         struct error *error)
{
    const char *name = access->found.name;
    if (loading_state(run, name, &access->found) == LOADING_NEVER)
        return true;
    loading_durable(run, name);
    return loading_remove_aside(run, access->docker, name, error);
}
