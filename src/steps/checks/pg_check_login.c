/* pg_check_login.c: pg.check_login, which logs in on the new server as the application does. */
#include "steps/actions.h"
#include "steps/server/server.h"

#include "postgres/hba.h"

#include <stdlib.h>
#include <string.h>

struct login {
    struct step_run *run;
    struct server_access access;     /* as its superuser */
    struct pg_parameters parameters; /* as the application */
    struct text_list roles;          /* that the user is a member of */
    struct hba_rules rules;
    const struct hba_rule *rule; /* that it meets, of `rules`; NULL when that can't be told */
    char *address;               /* ours, as the server sees it */
    bool exists, may_log_in, expired;
    char *hash; /* of its password: "scram-sha-256", "md5", "none", "other" */
};

static const char role_sql[] =
    "SELECT rolcanlogin, coalesce(rolvaliduntil < pg_catalog.now(), false), "
    "CASE WHEN rolpassword IS NULL THEN 'none' WHEN rolpassword ~ '^md5' THEN 'md5' "
    "WHEN rolpassword ~ '^SCRAM-SHA-256[$]' THEN 'scram-sha-256' ELSE 'other' END "
    "FROM pg_catalog.pg_authid WHERE rolname = $1";

static const char memberships_sql[] =
    "WITH RECURSIVE member (oid) AS (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = $1 "
    "UNION SELECT m.roleid FROM pg_catalog.pg_auth_members m JOIN member ON member.oid = m.member) "
    "SELECT r.rolname FROM member JOIN pg_catalog.pg_roles r ON r.oid = member.oid";

static const char address_sql[] =
    "SELECT coalesce(pg_catalog.host(pg_catalog.inet_client_addr()), ''), "
    "coalesce((SELECT ssl FROM pg_catalog.pg_stat_ssl WHERE pid = pg_catalog.pg_backend_pid()), "
    "false)";

static bool read_role(struct login *login, struct pg_connection *connection, struct error *error)
{
    const char *const values[] = {login->parameters.user};
    PGresult *role = pg_query(connection, role_sql, 1, values, error);
    PGresult *roles = role ? pg_query(connection, memberships_sql, 1, values, error) : NULL;
    if (roles) {
        login->exists = PQntuples(role) > 0;
        login->may_log_in = login->exists && pg_true(role, 0, 0);
        login->expired = login->exists && pg_true(role, 0, 1);
        login->hash = xstrdup(login->exists ? pg_field(role, 0, 2) : "none");
    }
    for (int row = 0; roles && row < PQntuples(roles); row++)
        text_list_add(&login->roles, pg_field(roles, row, 0));
    bool read = roles != NULL;
    PQclear(role);
    PQclear(roles);
    return read;
}

static bool read_rule(struct login *login, struct pg_connection *connection, struct error *error)
{
    PGresult *address = pg_query(connection, address_sql, 0, NULL, error);
    bool read = address && hba_read(connection, &login->rules, error);
    if (read) {
        login->address = xstrdup(pg_field(address, 0, 0));
        struct hba_client client = {.database = login->parameters.database,
                                    .user = login->parameters.user,
                                    .roles = &login->roles,
                                    .address = login->address,
                                    .encrypted = pg_true(address, 0, 1)};
        login->rule = hba_match(&login->rules, &client);
    }
    PQclear(address);
    return read;
}

/* What the server's superuser sees of the role and of the rule that it meets. */
static bool look(struct login *login, struct error *error)
{
    struct pg_connection *connection = server_open(&login->access, error);
    bool seen =
        connection && read_role(login, connection, error) && read_rule(login, connection, error);
    pg_close(connection);
    return seen;
}

static void add_rule(struct text *text, const struct login *login)
{
    if (!login->rule) {
        text_add(text, "the rule of pg_hba.conf can't be told");
        return;
    }
    text_printf(text, "pg_hba.conf line %d: ", login->rule->line);
    hba_rule_text(text, login->rule);
}

/* ---- why not ---- */

enum cause { NO_ROLE, NO_LOGIN, EXPIRED, NO_PASSWORD, MD5_HASH, WRONG_PASSWORD, OTHER_CAUSE };

static const struct {
    const char *words;
    const char *remedy;
} causes[] = {
    [NO_ROLE] = {"the new server has no such role",
                 "Check the role's name, and what the restore said of it (logs/restore-*.log)."},
    [NO_LOGIN] = {"the role may not log in (NOLOGIN)",
                  "Name the role that the application logs in as, or ALTER ROLE NAME LOGIN."},
    [EXPIRED] = {"its password was valid until a time that is over",
                 "ALTER ROLE NAME VALID UNTIL 'infinity', on the old server too."},
    [NO_PASSWORD] = {"the role has no password on the new server",
                     "Set one, or see how the application logs in on the old server: its "
                     "pg_hba.conf may ask for none."},
    [MD5_HASH] = {"its password is kept as an md5 hash, and the rule asks for scram-sha-256, which "
                  "refuses it",
                  "Set the password anew on the new server, to the same value: \\password ROLE in "
                  "psql. Or change that rule's method to md5, which takes both, and SELECT "
                  "pg_reload_conf()."},
    [WRONG_PASSWORD] = {"the password is wrong",
                        "Give the password that the application has in its own configuration. The "
                        "backup takes passwords over as they are: one that works on the old server "
                        "works here."},
    [OTHER_CAUSE] = {"the server refuses it", ""},
};

static enum cause cause_of(const struct login *login, const char *message)
{
    bool scram = login->rule && !strcmp(login->rule->method, "scram-sha-256");
    bool password = strstr(message, "password authentication failed") != NULL;
    if (!login->exists)
        return NO_ROLE;
    if (!login->may_log_in)
        return NO_LOGIN;
    if (!password)
        return OTHER_CAUSE;
    if (!strcmp(login->hash, "none"))
        return NO_PASSWORD;
    if (scram && !strcmp(login->hash, "md5"))
        return MD5_HASH;
    return login->expired ? EXPIRED : WRONG_PASSWORD;
}

static bool refused(struct login *login, struct error *error)
{
    struct text rule = {0};
    enum cause cause = cause_of(login, error->message);
    char *words = xstrdup(error->message), *remedy = xstrdup(error->remedy);
    add_rule(&rule, login);
    step_check(login->run, "login", VERDICT_FAIL, "role %s, database %s: %s (%s)",
               login->parameters.user, login->parameters.database, causes[cause].words,
               text_string(&rule));
    error_set(error, ERROR_OTHER,
              "role %s can't log in to database %s as the application does: %s "
              "(%s); %s",
              login->parameters.user, login->parameters.database, causes[cause].words,
              text_string(&rule), words);
    error_remedy(error, "%s", *causes[cause].remedy ? causes[cause].remedy : remedy);
    text_free(&rule);
    free(words);
    free(remedy);
    return false;
}

/* ---- and how ---- */

static void accepted(struct login *login, const struct pg_connection *connection)
{
    struct text rule = {0};
    add_rule(&rule, login);
    bool asked = pg_used_password(connection);
    step_check(login->run, "login", VERDICT_PASS,
               "role %s, database %s, from %s: SELECT 1 answered (password kept as %s)",
               login->parameters.user, login->parameters.database,
               *login->address ? login->address : "here", login->hash);
    step_check(login->run, "how the server lets it in", asked ? VERDICT_PASS : VERDICT_WARN, "%s%s",
               text_string(&rule),
               asked ? ""
                     : ": it asked for no password and lets anybody in, so that this proves "
                       "nothing of the password");
    text_free(&rule);
}

static bool log_in(struct login *login, struct error *error)
{
    struct pg_connection *connection = pg_open_plain(&login->parameters, 0, error);
    if (!connection)
        return refused(login, error);
    char *answer = pg_value(connection, "SELECT 1", error);
    bool answered = text_equal(answer, "1");
    if (answered)
        accepted(login, connection);
    else if (answer)
        error_set(error, ERROR_SERVER, "SELECT 1 gave \"%s\"", answer);
    free(answer);
    pg_close(connection);
    return answered;
}

static void take_credentials(struct login *login)
{
    const char *database = step_text(login->run, "database");
    const char *password = step_text(login->run, "password");
    login->parameters =
        pg_parameters_for(&login->access.parameters,
                          database && *database ? database : login->access.parameters.database);
    free(login->parameters.user);
    login->parameters.user = xstrdup(step_text(login->run, "user"));
    if (login->parameters.password)
        explicit_bzero(login->parameters.password, strlen(login->parameters.password));
    free(login->parameters.password);
    login->parameters.password = password && *password ? xstrdup(password) : NULL;
}

static void login_free(struct login *login)
{
    free(login->address);
    free(login->hash);
    text_list_free(&login->roles);
    hba_rules_free(&login->rules);
    pg_parameters_free(&login->parameters);
    server_free(&login->access);
}

static bool run_check_login(struct step_run *run, struct error *error)
{
    struct login login = {.run = run};
    const char *user = step_text(run, "user"), *server = step_text(run, "server");
    if (!user || !*user) {
        step_check(run, "login", VERDICT_WARN, "not tried, as no role of the application is given");
        return true;
    }
    if (server_not_yet(run, server))
        return true;
    bool found = server_find(run, server, &login.access, error);
    if (found)
        take_credentials(&login);
    bool done = found && look(&login, error) && log_in(&login, error);
    login_free(&login);
    return done;
}

static const struct argument check_login_arguments[] = {
    {"server", ARGUMENT_SERVER, true, NULL, NULL, "the new server"},
    {"user", ARGUMENT_TEXT, false, NULL, NULL,
     "the role that the application logs in as; empty leaves the check out"},
    {"password", ARGUMENT_TEXT, false, NULL, NULL, "its password, from a secret variable"},
    {"database", ARGUMENT_TEXT, false, NULL, NULL,
     "the database it works in, by default the server's"},
    {NULL, ARGUMENT_TEXT, false, NULL, NULL, NULL},
};

const struct action pg_check_login_action = {
    .name = "pg.check_login",
    .danger = DANGER_READ,
    .help = "logs in over TCP with the application's own role and password",
    .arguments = check_login_arguments,
    .run = run_check_login,
};
