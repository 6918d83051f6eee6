/* move_hold.c: on the server that comes nobody but this program writes while it is made equal to
 * the one that leaves: what an extension's worker (pg_cron, pg_partman...) did there would be on it
 * twice. */
#include "steps/move/move.h"

#include "base/clock.h"
#include "postgres/server_settings.h"
#include "postgres/sessions.h"

#include <stdlib.h>

#define IN_FORCE_MS 10000
#define AGAIN_MS 1000L /* nobody serves meanwhile */

static bool refuse_workers(const struct move *move, const char *names, struct error *error)
{
    error_set(error, ERROR_OTHER,
              "background workers run in container %s, which may write before it serves: %s",
              move->to.name, names);
    return error_remedy(error,
                        "Its allow_alter_system is off, else they would be kept from writing: take "
                        "that setting away, or take them out of its shared_preload_libraries until "
                        "it serves, start it anew, then retry.");
}

static bool check_workers(const struct move *move, bool held, struct error *error)
{
    struct text names = {0};
    bool fine = sessions_foreign_workers(move->coming, &names, error);
    if (fine && names.length && !held)
        fine = refuse_workers(move, text_string(&names), error);
    else if (fine && names.length)
        step_check(move->run, "background workers", VERDICT_WARN,
                   "%s in %s: until it serves they may only read", text_string(&names),
                   move->to.name);
    text_free(&names);
    return fine;
}

/* The sessions stay the caller's. */
static bool hold_by(struct fence *fence, struct error *error)
{
    bool held = fence_begin_record(fence, "read_only", error) && fence_hold_settings(fence, error);
    cJSON_Delete(fence->record);
    free(fence->began);
    return held || error_wrap(error, "keeping others from writing in container %s",
                              fence->access.container);
}

static bool hold(struct move *move, struct error *error)
{
    struct fence fence = {.run = move->run, .access = move->there, .connection = move->coming};
    move->held = hold_by(&fence, error);
    return move->held;
}

bool move_hold(struct move *move, struct error *error)
{
    bool may = false;
    return server_settings_alterable(move->coming, &may, error) &&
           check_workers(move, may, error) && (!may || hold(move, error));
}

/* The statements are bounded on both sides: one that is given up here ends there, too. */
static struct pg_connection *open_bounded(const struct server_access *access, struct error *error)
{
    struct pg_connection *connection = pg_open(&access->parameters, AGAIN_MS, error);
    if (!connection)
        return NULL;
    char *limit = xprintf("SET statement_timeout = %ld", AGAIN_MS);
    pg_limit(connection, AGAIN_MS);
    bool bounded = pg_execute(connection, limit, error);
    free(limit);
    if (bounded)
        return connection;
    pg_close(connection);
    return NULL;
}

bool move_hold_again(struct step_run *run, const char *server, const char *id, struct error *error)
{
    struct fence fence = {.run = run, .limit_ms = AGAIN_MS};
    bool held = fence_record_read(run, server, &fence.held, error) &&
                server_find_in(run, server, id, &fence.access, error);
    fence.connection = held ? open_bounded(&fence.access, error) : NULL;
    held = fence.connection && hold_by(&fence, error);
    fence_disconnect(&fence);
    cJSON_Delete(fence.held);
    return held;
}

/* What a new session gets: this one rereads the files only once the server has done so. */
static bool is_given_back(const struct move *move, bool *back, struct error *error)
{
    char *value = pg_value(
        move->coming, "SELECT pg_catalog.current_setting('default_transaction_read_only')", error);
    *back = text_equal(value, "off");
    free(value);
    return value != NULL;
}

/* Its settings stand in no file any more: a reload is all it takes. */
bool move_hold_end(struct move *move, struct error *error)
{
    int64_t deadline = clock_monotonic_ms() + IN_FORCE_MS;
    bool back = !move->held;
    /* The session has a value of its own until then. */
    if (!back && !(pg_execute(move->coming, "RESET default_transaction_read_only", error) &&
                   server_settings_reload(move->coming, error)))
        return false;
    while (!back) {
        if (!is_given_back(move, &back, error))
            return false;
        if (!back && clock_monotonic_ms() >= deadline)
            return error_set(error, ERROR_SERVER, "container %s still lets its clients only read",
                             move->to.name);
        if (!back)
            clock_sleep_ms(1);
    }
    return true;
}
