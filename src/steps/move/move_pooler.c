/* move_pooler.c: PgBouncer holds its clients' statements back while the server behind it moves.
 * Source: PgBouncer manual, "Admin console": PAUSE waits until every server connection is given
 * back; RECONNECT closes them, so that the name is looked up again. */
#include "steps/move/move.h"

#include "base/clock.h"
#include "base/json.h"

#include <stdlib.h>
#include <string.h>

#define WORD_MS 10000L
#define AGAIN_MS 200
#define GO_ON_TIMES 4 /* as long as they have waited, clients go on before they wait again */
#define SLOW_SECONDS 1.0
#define NOT_ADMIN "admin access needed"

static bool word(struct pg_connection *console, const char *statement, struct error *error)
{
    pg_limit(console, WORD_MS);
    return pg_execute(console, statement, error);
}

static struct pg_connection *open_console(const struct step_run *run, const char *server,
                                          struct error *error)
{
    struct server_access access = {0};
    bool found = server_find_as_client(run, server, &access, error);
    struct pg_connection *console = found ? pg_open_plain(&access.parameters, 0, error) : NULL;
    server_free(&access);
    if (!console)
        error_wrap(error, "the pooler \"%s\"", server);
    return console;
}

bool move_has_pooler(const struct step_run *run)
{
    const char *server = step_text(run, "pooler");
    return server && *server;
}

/* PgBouncer's word for a pool that an earlier attempt has let go: that is what is wanted. Source:
 * PgBouncer, admin_cmd_resume. */
static bool resume(struct step_run *run, struct pg_connection *console, struct error *error)
{
    if (word(console, "RESUME", error))
        return true;
    if (!strstr(error->message, "not paused"))
        return false;
    step_log(run, "RESUME: %s", error->message);
    *error = (struct error)ERROR_INIT;
    return true;
}

static bool refuse_user(struct error *error)
{
    return error_remedy(error, "Its console lets this user look only: name the user in its "
                               "admin_users, or give the runbook one that is.");
}

/* Whoever is among its stats_users may look, and no more. The console's own database is never
 * paused: to resume it changes nothing, and is refused for that reason to who may do it. Source:
 * PgBouncer, admin_cmd_resume. */
static bool is_admin(struct pg_connection *console, struct error *error)
{
    struct error refused = ERROR_INIT;
    if (word(console, "RESUME pgbouncer", &refused) || !strstr(refused.message, NOT_ADMIN))
        return true;
    *error = refused;
    return refuse_user(error);
}

bool move_pool_check(const struct step_run *run, struct error *error)
{
    struct pg_connection *console = open_console(run, step_text(run, "pooler"), error);
    bool may = console && word(console, "SHOW VERSION", error) && is_admin(console, error);
    pg_close(console);
    return may;
}

/* Seconds that a client may wait behind a move for one of these: as PgBouncer keeps a name's
 * address for that long, or leaves a server alone that it couldn't connect to. */
static bool may_be_slow(const char *setting, const char *value)
{
    return (text_equal(setting, "dns_max_ttl") || text_equal(setting, "server_login_retry")) &&
           strtod(value, NULL) > SLOW_SECONDS;
}

/* The console takes no parameters: the simple protocol only. Its first columns are key and value,
 * as they have been in all versions. Source: PgBouncer manual, "SHOW CONFIG". */
void move_pool_slow(const struct step_run *run, struct text *found)
{
    struct error ignored = ERROR_INIT;
    struct pg_connection *console = open_console(run, step_text(run, "pooler"), &ignored);
    PGresult *result = NULL;
    if (console)
        pg_limit(console, WORD_MS);
    if (console && pg_send(console, "SHOW CONFIG", &ignored))
        pg_take_result(console, true, &result, &ignored);
    int rows = result && PQnfields(result) >= 2 ? PQntuples(result) : 0;
    for (int i = 0; i < rows; i++) {
        const char *setting = pg_field(result, i, 0), *value = pg_field(result, i, 1);
        if (may_be_slow(setting, value))
            text_printf(found, "%s%s is %s s", found->length ? ", " : "", setting, value);
    }
    PQclear(result);
    pg_close(console);
}

static bool note(struct move *move, struct error *error)
{
    fence_record_set(move->record, MOVE_POOLER, cJSON_CreateString(step_text(move->run, "pooler")));
    return move_record_write(move->run, move->record, error);
}

static bool forget(struct move *move, struct error *error)
{
    cJSON_DeleteItemFromObjectCaseSensitive(move->record, MOVE_POOLER);
    return move_record_write(move->run, move->record, error);
}

/* What somebody else has paused stays so: nobody is to resume it. */
static bool leave_paused(struct move *move, struct error *error)
{
    if (!forget(move, error))
        return false;
    error_set(error, ERROR_OTHER, "it is paused already, by somebody else, and stays so");
    return error_remedy(error, "Find out who has paused it and why. When nobody needs that any "
                               "more, RESUME on its console, then retry.");
}

/* Source of the words: PgBouncer, admin_cmd_pause. */
static bool try_to_pause(struct move *move, bool *again, struct error *error)
{
    long most = step_duration(move->run, "pause_for");
    *again = false;
    if (!note(move, error))
        return false;
    pg_limit(move->console, most > 0 ? most : 1);
    if (pg_execute(move->console, "PAUSE", error))
        return true;
    if (strstr(error->message, "already suspended/paused"))
        return leave_paused(move, error);
    if (strstr(error->message, NOT_ADMIN)) {
        struct error second = ERROR_INIT;
        if (!forget(move, &second))
            step_log(move->run, "%s", second.message);
        return refuse_user(error);
    }
    *again = strstr(error->message, "no answer within") != NULL;
    if (*again)
        error_remedy(error, "A client holds a transaction open. End it, or give the step a longer "
                            "wait, or a longer pause_for.");
    return false;
}

/* Everybody waits behind the one who keeps a connection: they go on until that has ended. The
 * session in which PAUSE waits takes no other word. */
static bool let_go(struct move *move, struct error *error)
{
    pg_close(move->console);
    move->console = open_console(move->run, step_text(move->run, "pooler"), error);
    return move->console && resume(move->run, move->console, error);
}

static long ms_until(int64_t deadline)
{
    int64_t left = deadline - clock_monotonic_ms();
    return left > 0 ? (long)left : 0;
}

/* Clients aren't made to wait again at once, and what they write meanwhile comes over before they
 * are. */
static bool wait_for_another_try(struct move *move, int64_t deadline, struct error *error)
{
    long apart = GO_ON_TIMES * step_duration(move->run, "pause_for");
    long left = ms_until(deadline);
    apart = apart > AGAIN_MS ? apart : AGAIN_MS;
    clock_sleep_ms(left < apart ? left : apart);
    return (!move->follow || move_catch_up(move, error)) &&
           move_come_to_rest(move, ms_until(deadline), error);
}

static bool pause_in_time(struct move *move, struct error *error)
{
    int64_t deadline = clock_monotonic_ms() + step_duration(move->run, "wait");
    bool again = false, told = false;
    while (!try_to_pause(move, &again, error)) {
        struct error second = ERROR_INIT;
        bool in_time = clock_monotonic_ms() < deadline;
        bool goes_on = again && let_go(move, &second);
        if (again && !goes_on)
            step_log(move->run, "%s", second.message);
        if (!goes_on || !in_time)
            return false;
        if (!told)
            step_log(move->run, "%s: its clients go on, and it is tried again", error->message);
        told = true;
        *error = (struct error)ERROR_INIT;
        if (!wait_for_another_try(move, deadline, error))
            return false;
    }
    return true;
}

bool move_pool_pause(struct move *move, struct error *error)
{
    const char *server = step_text(move->run, "pooler");
    if (!move_has_pooler(move->run))
        return true;
    move->console = open_console(move->run, server, error);
    return move->console &&
           (pause_in_time(move, error) || error_wrap(error, "pausing the pooler \"%s\"", server));
}

bool move_pool_resume(struct step_run *run, struct pg_connection *console, cJSON *record,
                      struct error *error)
{
    const char *server = json_text(record, MOVE_POOLER);
    if (!server)
        return true;
    struct pg_connection *opened = console ? NULL : open_console(run, server, error);
    struct pg_connection *use = console ? console : opened;
    bool resumed = use && word(use, "RECONNECT", error) && resume(run, use, error);
    pg_close(opened);
    if (!resumed)
        return error_wrap(error, "letting the pooler's clients through again");
    cJSON_DeleteItemFromObjectCaseSensitive(record, MOVE_POOLER);
    return move_record_write(run, record, error);
}
