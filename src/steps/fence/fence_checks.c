/* fence_checks.c: what would write on, or let a client write, in spite of a fence. */
#include "steps/fence/fence.h"

#include "postgres/server_settings.h"
#include "postgres/sessions.h"
#include "postgres/standstill.h"

#include <stdlib.h>

/* One thing that has to be absent: its names are asked for, and a fence fails when there are any.
 */
struct obstacle {
    const char *check;
    bool (*find)(struct pg_connection *connection, struct text *names, struct error *error);
    const char *failure, *remedy;
    bool read_only; /* stands in the way of that mode only */
};

static bool writable_for(struct pg_connection *connection, struct text *names, struct error *error)
{
    return server_setting_off_for(connection, "default_transaction_read_only", names, error);
}

/* PostgreSQL 17 can forbid what the fence is written with. */
static bool unalterable(struct pg_connection *connection, struct text *names, struct error *error)
{
    bool alterable = false, read = server_settings_alterable(connection, &alterable, error);
    if (read && !alterable)
        text_add(names, "allow_alter_system is off");
    return read;
}

static const struct obstacle obstacles[] = {
    {"ALTER SYSTEM", unalterable, "the server doesn't let its settings be altered",
     "Take allow_alter_system = off away for that time and reload (SELECT pg_reload_conf()), then "
     "retry.",
     true},
    {"configuration files", server_settings_faults, "the server's configuration files have faults",
     "Mend them first: a reload would take nothing over.", true},
    {"prepared transactions", standstill_prepared,
     "prepared transactions hold what they have written",
     "End each in its database with COMMIT PREPARED or ROLLBACK PREPARED, then retry.", false},
    {"subscriptions", standstill_subscriptions, "subscriptions write on this server",
     "Disable each in its database with ALTER SUBSCRIPTION NAME DISABLE, then retry.", false},
    {"settings of databases and roles", writable_for,
     "default_transaction_read_only is set to off, which wins over the fence, for",
     "Take it back with ALTER ROLE or ALTER DATABASE ... RESET default_transaction_read_only, then "
     "retry.",
     true},
};

const char *fence_other_way(const struct fence *fence)
{
    return fence->other_way ? fence->other_way : "The mode network needs no setting.";
}

static bool check_obstacle(struct fence *fence, const struct obstacle *obstacle,
                           struct error *error)
{
    struct text names = {0};
    bool found = obstacle->find(fence->connection, &names, error), none = found && !names.length;
    if (none)
        step_check(fence->run, obstacle->check, VERDICT_PASS, "none stands in the way");
    else if (found) {
        step_check(fence->run, obstacle->check, VERDICT_FAIL, "%s", text_string(&names));
        error_set(error, ERROR_OTHER, "%s: %s", obstacle->failure, text_string(&names));
        const char *other = obstacle->read_only ? fence_other_way(fence) : "";
        error_remedy(error, "%s%s%s", obstacle->remedy, *other ? " " : "", other);
    }
    text_free(&names);
    return none;
}

static bool check_workers(struct fence *fence, struct error *error)
{
    struct text names = {0};
    bool read = sessions_foreign_workers(fence->connection, &names, error);
    if (read && names.length)
        step_check(fence->run, "background workers", VERDICT_WARN,
                   "%s: an extension's workers need no client to write; the proof tells if they do",
                   text_string(&names));
    text_free(&names);
    return read;
}

/* Where the value of a new session comes from when the server's files can't change it. */
static bool check_source(const struct fence *fence, struct error *error)
{
    static const char *const overriding[] = {"command line", "environment variable", "user",
                                             "database", "database user"};
    struct new_session_setting now;
    const char *name = "default_transaction_read_only";
    if (!new_session_setting(&fence->access.parameters, name, 0, &now, error))
        return false;
    for (size_t i = 0; i < sizeof overriding / sizeof *overriding; i++)
        if (text_equal(now.source, overriding[i])) {
            error_set(error, ERROR_OTHER,
                      "%s comes from the server's %s, which the fence can't "
                      "change",
                      name, now.source);
            return error_remedy(error, "%s", fence_other_way(fence));
        }
    return true;
}

static bool check_rights(const struct fence *fence, struct error *error)
{
    char *right = pg_value(fence->connection, "SELECT current_setting('is_superuser')", error);
    bool superuser = text_equal(right, "on");
    if (right && !superuser) {
        error_set(error, ERROR_OTHER,
                  "user %s is no superuser: it can neither see nor end every "
                  "session",
                  fence->access.parameters.user);
        error_remedy(error, "Set the variable user to a superuser of the server.");
    }
    free(right);
    return superuser;
}

bool fence_check_before(struct fence *fence, struct error *error)
{
    if (!check_rights(fence, error) || !check_workers(fence, error))
        return false;
    for (size_t i = 0; i < sizeof obstacles / sizeof *obstacles; i++)
        if (!(fence->network && obstacles[i].read_only) &&
            !check_obstacle(fence, &obstacles[i], error))
            return false;
    return fence->network || check_source(fence, error);
}
