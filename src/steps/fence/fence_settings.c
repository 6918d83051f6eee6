/* fence_settings.c: settings that a fence holds in the running server's memory alone. */
#include "steps/fence/fence.h"

#include "base/clock.h"
#include "base/json.h"
#include "postgres/catalog.h"
#include "postgres/server_settings.h"
#include "postgres/sessions.h"
#include "steps/docker/docker_common.h"

#include <stdlib.h>
#include <string.h>

#define IN_FORCE_MS 10000
#define STARTED_MS 60000
#define PAUSE_MS 50
#define LOOK_AGAIN_MS 5
/* Busy sessions take a reload over with their next statement: as long as it stands in the file. */
#define TAKE_OVER_MS 200

static const struct held {
    const char *name, *value;
    bool read_only; /* not in mode network, in which no client is left to be held back */
} held_settings[] = {
    {"default_transaction_read_only", "on", true},
    {"autovacuum", "off", false}, /* its statistics take transaction ids */
};
#define HELD_COUNT (sizeof held_settings / sizeof held_settings[0])

static bool applies(const struct fence *fence, const struct held *held)
{
    return !(fence->network && held->read_only);
}

static cJSON *text_or_null(const char *text)
{
    return text ? cJSON_CreateString(text) : cJSON_CreateNull();
}

static cJSON *settings_of(cJSON *record)
{
    cJSON *settings = cJSON_GetObjectItemCaseSensitive(record, FENCE_SETTINGS);
    return settings ? settings : cJSON_AddObjectToObject(record, FENCE_SETTINGS);
}

/* What is there before, unless an earlier fence has recorded it already. */
static bool record_before(struct fence *fence, const struct held *held,
                          const struct new_session_setting *now, struct error *error)
{
    char *file = NULL;
    cJSON *settings = settings_of(fence->record);
    if (cJSON_GetObjectItemCaseSensitive(settings, held->name))
        return true;
    if (!server_setting_written(fence->connection, held->name, &file, error))
        return false;
    cJSON *before = cJSON_AddObjectToObject(settings, held->name);
    cJSON_AddItemToObject(before, "file", text_or_null(file));
    cJSON_AddStringToObject(before, "value", now->value);
    free(file);
    return true;
}

static bool in_force(struct fence *fence, bool *all, struct error *error)
{
    *all = true;
    for (size_t i = 0; i < HELD_COUNT; i++) {
        const struct held *held = &held_settings[i];
        struct new_session_setting now;
        if (!applies(fence, held))
            continue;
        if (!new_session_setting(&fence->access.parameters, held->name, fence->limit_ms, &now,
                                 error) ||
            !record_before(fence, held, &now, error))
            return false;
        *all = *all && text_equal(now.value, held->value);
    }
    return true;
}

static bool not_in_force(struct fence *fence, struct error *error)
{
    struct text faults = {0};
    struct error ignored = ERROR_INIT;
    server_settings_faults(fence->connection, &faults, &ignored);
    error_set(error, ERROR_SERVER, "a new session still doesn't have the fence's settings%s%s",
              faults.length ? ": the configuration files have faults: " : "", text_string(&faults));
    text_free(&faults);
    return error_remedy(error,
                        "Look at the server's log for why it didn't take its configuration "
                        "over; mend that, then retry. %s",
                        fence_other_way(fence));
}

static bool wait_in_force(struct fence *fence, struct error *error)
{
    int64_t deadline = clock_monotonic_ms() + (fence->limit_ms ? fence->limit_ms : IN_FORCE_MS);
    bool all = false;
    while (in_force(fence, &all, error)) {
        if (all)
            return true;
        if (clock_monotonic_ms() >= deadline)
            return not_in_force(fence, error);
        clock_sleep_ms(LOOK_AGAIN_MS);
    }
    return false;
}

static bool write_held(struct fence *fence, struct error *error)
{
    for (size_t i = 0; i < HELD_COUNT; i++)
        if (applies(fence, &held_settings[i]) &&
            !server_setting_write(fence->connection, held_settings[i].name, held_settings[i].value,
                                  error))
            return false;
    return true;
}

/* The file gets what stood in it before; what stands there already isn't written again. */
static bool write_before(struct pg_connection *connection, const cJSON *record, struct error *error)
{
    const cJSON *before;
    cJSON_ArrayForEach(before, cJSON_GetObjectItemCaseSensitive(record, FENCE_SETTINGS))
    {
        const char *wanted = json_text(before, "file");
        char *written = NULL;
        if (!server_setting_written(connection, before->string, &written, error))
            return false;
        bool same = text_equal(written, wanted);
        free(written);
        if (!same && !server_setting_write(connection, before->string, wanted, error))
            return false;
    }
    return true;
}

static bool mark(const struct fence *fence, bool written, struct error *error)
{
    fence_record_set(fence->record, FENCE_WRITTEN, cJSON_CreateBool(written));
    return fence_record_write(fence->run, fence->record, error);
}

static bool put(struct fence *fence, struct error *error)
{
    return mark(fence, true, error) && write_held(fence, error) &&
           server_settings_reload(fence->connection, error) && wait_in_force(fence, error);
}

static bool clear_file(struct fence *fence, struct error *error)
{
    return write_before(fence->connection, fence->record, error) && mark(fence, false, error);
}

static bool hold(struct fence *fence, struct error *error)
{
    if (!put(fence, error))
        return false;
    clock_sleep_ms(TAKE_OVER_MS);
    return clear_file(fence, error);
}

static bool note_began(struct fence *fence, struct error *error)
{
    fence->began = sessions_now(fence->connection, error);
    return fence->began != NULL;
}

/* PostgreSQL 17 can forbid ALTER SYSTEM. Without clients only autovacuum could still write. */
static bool hold_or_do_without(struct fence *fence, struct error *error)
{
    if (hold(fence, error))
        return true;
    if (!fence->network)
        return error->remedy[0] ? false : error_remedy(error, "%s", fence_other_way(fence));
    step_check(fence->run, "autovacuum", VERDICT_WARN, "it goes on: %s", error->message);
    fence->autovacuum_off = false;
    return true;
}

bool fence_hold_settings(struct fence *fence, struct error *error)
{
    bool all = false;
    fence->autovacuum_off = true;
    bool interrupted = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(fence->record, FENCE_WRITTEN));
    if (!in_force(fence, &all, error))
        return false;
    if ((!all || interrupted) && !hold_or_do_without(fence, error))
        return error_wrap(error, "holding the server's settings");
    return note_began(fence, error);
}

/* This session rereads the settings only once the server has done so and has told it: new sessions
 * have them then. Source: PostgreSQL manual, "Session Information Functions". */
static char *load_time(const struct fence *fence, struct error *error)
{
    return pg_value(fence->connection, "SELECT pg_catalog.pg_conf_load_time()::text", error);
}

bool fence_write_settings(struct fence *fence, struct error *error)
{
    bool all = false;
    fence->loaded = load_time(fence, error);
    if (!fence->loaded)
        return false;
    fence->autovacuum_off = true;
    return (in_force(fence, &all, error) && mark(fence, true, error) && write_held(fence, error)) ||
           error_wrap(error, "writing the settings that hold clients back");
}

bool fence_heed_settings(struct fence *fence, struct error *error)
{
    return server_settings_reload(fence->connection, error);
}

bool fence_await_settings(struct fence *fence, struct error *error)
{
    int64_t deadline = clock_monotonic_ms() + IN_FORCE_MS;
    bool heeded = false, asked = true;
    while (asked && !heeded && clock_monotonic_ms() < deadline) {
        char *now = load_time(fence, error);
        asked = now != NULL;
        heeded = asked && !text_equal(now, fence->loaded);
        free(now);
        if (asked && !heeded)
            clock_sleep_ms(1);
    }
    if (asked && !heeded)
        return not_in_force(fence, error);
    return heeded && note_began(fence, error);
}

bool fence_clear_file(struct fence *fence, struct error *error)
{
    return clear_file(fence, error) ||
           error_wrap(error, "taking the held settings out of postgresql.auto.conf");
}

static bool given_back(const struct pg_parameters *parameters, const cJSON *record,
                       struct error *error)
{
    const cJSON *before;
    cJSON_ArrayForEach(before, cJSON_GetObjectItemCaseSensitive(record, FENCE_SETTINGS))
    {
        struct new_session_setting now;
        if (!new_session_setting(parameters, before->string, 0, &now, error))
            return false;
        if (!text_equal(now.value, json_text(before, "value")))
            return error_set(error, ERROR_SERVER, "%s still is %s, it was %s", before->string,
                             now.value, json_text(before, "value"));
    }
    return true;
}

static bool wait_given_back(const struct pg_parameters *parameters, const cJSON *record,
                            struct error *error)
{
    int64_t deadline = clock_monotonic_ms() + IN_FORCE_MS;
    while (!given_back(parameters, record, error)) {
        if (clock_monotonic_ms() >= deadline)
            return error_remedy(error,
                                "Compare with postgresql.conf and postgresql.auto.conf, then "
                                "SELECT pg_reload_conf().");
        clock_sleep_ms(PAUSE_MS);
    }
    return true;
}

/* The server that answers may be another one by now: the new one, which has taken the name over. */
static bool is_other(struct step_run *run, const cJSON *record, const char *system)
{
    bool other = !text_equal(system, json_text(record, FENCE_SYSTEM));
    if (other)
        step_log(run, "server \"%s\" is another one now: it has no setting of the fence's",
                 json_text(record, FENCE_SERVER));
    return other;
}

static bool release_in(struct step_run *run, const struct server_access *access,
                       struct pg_connection *connection, const cJSON *record, struct error *error)
{
    char *system = catalog_system(connection, error);
    bool known = system != NULL, other = known && is_other(run, record, system);
    free(system);
    if (!known || other)
        return known;
    return write_before(connection, record, error) && server_settings_reload(connection, error) &&
           wait_given_back(&access->parameters, record, error);
}

static bool by_socket(struct step_run *run, const struct server_access *access,
                      const char *statement, struct text *output, struct error *error)
{
    return step_psql(run, access->docker, access->container, access->name, false, statement, output,
                     error);
}

static bool is_other_by_socket(struct step_run *run, const struct server_access *access,
                               const cJSON *record, bool *other, struct error *error)
{
    struct text output = {0};
    bool asked = by_socket(run, access, CATALOG_SYSTEM_SQL, &output, error);
    char *system = text_take(&output);
    system[strcspn(system, "\n")] = '\0';
    *other = asked && is_other(run, record, system);
    free(system);
    return asked;
}

/* A rollback must not hang on a password that nobody knows any more: inside of the container, over
 * the server's socket, official images ask for none. */
static bool release_by_socket(struct step_run *run, const struct server_access *access,
                              const cJSON *record, struct error *error)
{
    struct text output = {0};
    bool other = false;
    const cJSON *before;
    if (!is_other_by_socket(run, access, record, &other, error) || other)
        return other;
    bool done = true,
         written = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(record, FENCE_WRITTEN));
    cJSON_ArrayForEach(before, cJSON_GetObjectItemCaseSensitive(record, FENCE_SETTINGS))
    {
        const char *file = json_text(before, "file");
        char *statement = file ? xprintf("ALTER SYSTEM SET %s = '%s'", before->string, file)
                               : xprintf("ALTER SYSTEM RESET %s", before->string);
        done = done && (!written || by_socket(run, access, statement, &output, error));
        free(statement);
    }
    done = done && by_socket(run, access, "SELECT pg_catalog.pg_reload_conf()", &output, error);
    text_free(&output);
    return done;
}

static bool not_running(struct step_run *run, const cJSON *record, const struct error *reason,
                        struct error *error)
{
    if (!cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(record, FENCE_WRITTEN))) {
        step_log(run, "%s: the fence's settings were in its memory alone and ended with it",
                 reason->message);
        return true;
    }
    *error = *reason;
    return error_remedy(error, "The fence's settings may still stand in its postgresql.auto.conf: "
                               "start it, then roll back again.");
}

/* One that was just killed is called running for a moment longer. */
static bool has_stopped(struct server_access *access)
{
    struct docker_container now;
    struct error ignored = ERROR_INIT; /* the server's answer counts */
    if (!access->docker || !access->found.exists ||
        !docker_inspect(access->docker, access->found.id, &now, &ignored))
        return false;
    bool stopped = !docker_is_running(&now);
    docker_container_free(&now);
    return stopped;
}

/* A server that was restarted meanwhile may be starting up; nobody waits for one that has stopped:
 * *runs. */
static struct pg_connection *open_when_up(struct server_access *access, bool *runs,
                                          struct error *reason)
{
    int64_t deadline = clock_monotonic_ms() + STARTED_MS;
    for (;;) {
        struct pg_connection *connection = server_open(access, reason);
        if (connection || !pg_may_come_up(reason) || clock_monotonic_ms() >= deadline)
            return connection;
        *runs = *runs && !has_stopped(access);
        if (!*runs)
            return NULL;
        clock_sleep_ms(PAUSE_MS);
    }
}

/* The container that was fenced, under whatever name; where it is gone, the server's own: it may
 * have been made anew on the same data. */
static bool find_fenced(struct step_run *run, const cJSON *record, struct server_access *access,
                        struct error *reason)
{
    const char *server = json_text(record, FENCE_SERVER), *id = json_text(record, FENCE_ID);
    bool found = server_find(run, server, access, reason);
    if (!id || !access->docker || text_equal(access->found.id, id))
        return found;
    struct server_access fenced = {0};
    struct error unreached = ERROR_INIT;
    bool reached = server_find_in(run, server, id, &fenced, &unreached);
    if (!fenced.found.exists) {
        server_free(&fenced);
        return found;
    }
    server_free(access);
    *access = fenced;
    if (!reached)
        *reason = unreached;
    return reached;
}

bool fence_release_settings(struct step_run *run, cJSON *record, struct error *error)
{
    struct server_access access = {0};
    struct error reason = ERROR_INIT;
    if (cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(record, FENCE_SETTINGS)) == 0)
        return true;
    bool found = find_fenced(run, record, &access, &reason);
    bool runs = access.found.exists && text_equal(access.found.state, "running");
    struct pg_connection *connection = found ? open_when_up(&access, &runs, &reason) : NULL;
    bool done = false;
    if (connection)
        done = release_in(run, &access, connection, record, error);
    else if (!runs && access.docker)
        done = not_running(run, record, &reason, error);
    else if (runs && pg_wants_password(&reason))
        done = release_by_socket(run, &access, record, error);
    else
        *error = reason;
    pg_close(connection);
    server_free(&access);
    return done || error_wrap(error, "giving the server's settings back");
}
