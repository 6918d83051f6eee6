/* pg_check_server.c: pg.check_server, which asks the old server for what a dump can't carry over.
 */
#include "steps/actions.h"
#include "steps/checks/health_command.h"
#include "steps/checks/server_checks.h"
#include "steps/findings.h"
#include "steps/server/server.h"

#include "docker/image.h"
#include "postgres/catalog.h"

#include <stdlib.h>
#include <string.h>

#define SCRAM "scram-sha-256"
#define SCRAM_SINCE 14 /* the major whose password_encryption is scram-sha-256 by default */
#define PASSWORD_CHECK "md5-passwords"

/* One row of the table, while its databases are asked. */
struct inquiry {
    const struct server_check *check;
    struct text names;
    size_t count;
};

struct survey_of_server {
    struct findings findings;
    struct server_access access;
    struct pg_database_list databases;
    struct inquiry *inquiries; /* one for each row of the table that applies */
    size_t count;
};

static void note(struct inquiry *inquiry, const char *database, const PGresult *result)
{
    for (int row = 0; row < PQntuples(result); row++) {
        char *name = database ? xprintf("%s: %s", database, pg_field(result, row, 0))
                              : xstrdup(pg_field(result, row, 0));
        findings_name(&inquiry->names, &inquiry->count, name);
        free(name);
    }
}

/* Every inquiry of one kind, on one connection. */
static bool ask(struct survey_of_server *survey, struct pg_connection *connection,
                const char *database, struct error *error)
{
    for (size_t i = 0; i < survey->count; i++) {
        struct inquiry *inquiry = &survey->inquiries[i];
        if (inquiry->check->each_database != (database != NULL))
            continue;
        PGresult *result = pg_query(connection, inquiry->check->sql, 0, NULL, error);
        if (!result)
            return error_wrap(error, "asking for %s", inquiry->check->name);
        note(inquiry, database, result);
        PQclear(result);
    }
    return true;
}

static bool ask_databases(struct survey_of_server *survey, struct error *error)
{
    for (size_t i = 0; i < survey->databases.count; i++) {
        const struct pg_database_entry *database = &survey->databases.items[i];
        if (!database->connectable)
            continue;
        struct pg_connection *connection =
            server_open_database(&survey->access, database->name, error);
        bool asked = connection && ask(survey, connection, database->name, error);
        pg_close(connection);
        if (!asked)
            return false;
        step_progress(survey->findings.run, (double)i + 1, (double)survey->databases.count,
                      "databases", database->name);
    }
    return true;
}

static void report(struct survey_of_server *survey, struct inquiry *inquiry)
{
    const struct server_check *check = inquiry->check;
    bool found = inquiry->count > 0;
    struct finding finding = {check->key, check->name, check->remedy,
                              found ? check->verdict : VERDICT_PASS};
    findings_name_end(&inquiry->names, inquiry->count);
    finding_add(&survey->findings, &finding, "%s%s",
                found ? text_string(&inquiry->names) : check->none, found ? check->found : "");
}

/* How the new server will ask for passwords: as the image says, or as its major does by itself.
 * Source: the official image's manual, POSTGRES_HOST_AUTH_METHOD. The caller frees; NULL with
 * `error`. */
static char *method_of_image(struct survey_of_server *survey, const char *image,
                             struct error *error)
{
    struct docker_image found = {0};
    struct docker *docker = docker_open(error);
    bool asked = docker && docker_image_inspect(docker, image, &found, error);
    const char *set = asked && found.exists
                          ? docker_image_environment(&found, "POSTGRES_HOST_AUTH_METHOD")
                          : NULL;
    long major = step_integer(survey->findings.run, "to_major");
    const char *usual = major && major < SCRAM_SINCE ? "md5" : SCRAM;
    char *method = asked ? xstrdup(set && *set ? set : usual) : NULL;
    docker_image_free(&found);
    docker_close(docker);
    return method;
}

static char *method_of_target(struct survey_of_server *survey, struct error *error)
{
    const char *set = step_text(survey->findings.run, "auth_method");
    const char *image = step_text(survey->findings.run, "target_image");
    if (set && *set)
        return xstrdup(set);
    if (image && *image)
        return method_of_image(survey, image, error);
    return xstrdup("");
}

static void report_passwords(struct survey_of_server *survey, const struct inquiry *inquiry,
                             const char *method)
{
    bool known = *method != '\0', scram = !known || !strcmp(method, SCRAM);
    struct finding finding = {
        PASSWORD_CHECK, "passwords kept as md5",
        "Set each one anew on the old server before the backup, as the role itself or a superuser: "
        "SET password_encryption = 'scram-sha-256', then \\password ROLE in psql; its clients have "
        "to know SCRAM. Or let the new server take both: POSTGRES_HOST_AUTH_METHOD=md5 in the "
        "environment of docker.run and of the compose file's service.",
        !inquiry->count || !scram ? VERDICT_PASS : (known ? VERDICT_FAIL : VERDICT_WARN)};
    if (!inquiry->count)
        finding_add(&survey->findings, &finding, "no role that may log in has one");
    else if (!scram)
        finding_add(&survey->findings, &finding, "%s; the new server's method %s takes them",
                    text_string(&inquiry->names), method);
    else
        finding_add(&survey->findings, &finding,
                    "%s: the new server's pg_hba.conf %s scram-sha-256, which refuses them",
                    text_string(&inquiry->names), known ? "asks for" : "may ask for");
}

static bool check_passwords(struct survey_of_server *survey, struct pg_connection *connection,
                            struct error *error)
{
    static const char sql[] = "SELECT rolname FROM pg_catalog.pg_authid WHERE rolcanlogin "
                              "AND rolpassword ~ '^md5' ORDER BY 1";
    struct inquiry inquiry = {0};
    char *method = method_of_target(survey, error);
    PGresult *result = method ? pg_query(connection, sql, 0, NULL, error) : NULL;
    if (result) {
        note(&inquiry, NULL, result);
        findings_name_end(&inquiry.names, inquiry.count);
        report_passwords(survey, &inquiry, method);
    }
    bool asked = result != NULL;
    PQclear(result);
    text_free(&inquiry.names);
    free(method);
    return asked;
}

static void choose(struct survey_of_server *survey, int from)
{
    int to = (int)step_integer(survey->findings.run, "to_major");
    survey->inquiries = xcalloc(server_check_count, sizeof *survey->inquiries);
    for (size_t i = 0; i < server_check_count; i++)
        if (server_check_applies(&server_checks[i], from, to))
            survey->inquiries[survey->count++].check = &server_checks[i];
}

static bool survey_all(struct survey_of_server *survey, struct error *error)
{
    struct pg_connection *connection = server_open(&survey->access, error);
    if (!connection)
        return false;
    choose(survey, catalog_major(pg_version(connection)));
    bool asked = catalog_databases(connection, &survey->databases, error) &&
                 ask(survey, connection, NULL, error) && ask_databases(survey, error);
    for (size_t i = 0; asked && i < survey->count; i++)
        report(survey, &survey->inquiries[i]);
    asked = asked && check_passwords(survey, connection, error);
    pg_close(connection);
    return asked && findings_judge(&survey->findings, error);
}

static bool run_check_server(struct step_run *run, struct error *error)
{
    struct survey_of_server survey = {.findings = {.run = run}};
    bool done = server_find(run, step_text(run, "server"), &survey.access, error) &&
                health_command_check(&survey.findings, &survey.access, error) &&
                survey_all(&survey, error);
    for (size_t i = 0; i < survey.count; i++)
        text_free(&survey.inquiries[i].names);
    free(survey.inquiries);
    pg_database_list_free(&survey.databases);
    server_free(&survey.access);
    return done;
}

static const struct argument check_server_arguments[] = {
    {"server", ARGUMENT_SERVER, true, NULL, NULL, "the old server"},
    {"to_major", ARGUMENT_INTEGER, false, NULL, NULL, "major version to go to"},
    {"target_image", ARGUMENT_TEXT, false, NULL, NULL,
     "the image to go to, which says how the new server asks for passwords"},
    {"auth_method", ARGUMENT_TEXT, false, NULL, NULL,
     "the method of the new server's pg_hba.conf, where it isn't the image's"},
    {FINDINGS_ARGUMENT, ARGUMENT_LIST, false, NULL, NULL, FINDINGS_HELP},
    {NULL, ARGUMENT_TEXT, false, NULL, NULL, NULL},
};

const struct action pg_check_server_action = {
    .name = "pg.check_server",
    .danger = DANGER_READ,
    .help = "looks for what a dump can't carry over: prepared transactions, replication, md5 "
            "passwords, invalid databases and more; and for a health check that endangers it",
    .arguments = check_server_arguments,
    .run = run_check_server,
};
