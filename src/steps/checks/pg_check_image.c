/* pg_check_image.c: pg.check_image, which asks the target image itself what it carries. */
#include "steps/actions.h"
#include "steps/checks/image_check.h"
#include "steps/compare/pg_survey.h"

#include "base/json.h"
#include "docker/image.h"

#include <stdlib.h>
#include <string.h>

static bool missing_image(const char *image, struct error *error)
{
    error_set(error, ERROR_OTHER, "image %s isn't on this Docker engine", image);
    return error_remedy(error, "Pull it first: docker pull %s", image);
}

static bool check_major(const struct image_check *check, struct error *error)
{
    long major = step_integer(check->findings.run, "major");
    struct release release = check->contents.release;
    bool fits = !major || release.major == major;
    step_check(check->findings.run, "version", fits ? VERDICT_PASS : VERDICT_FAIL,
               "PostgreSQL %d.%d", release.major, release.minor);
    if (fits)
        return true;
    error_set(error, ERROR_OTHER, "image %s holds PostgreSQL %d.%d, expected was %ld", check->image,
              release.major, release.minor, major);
    return error_remedy(error, "Choose the image of the right major (variable new_image).");
}

static bool too_old(const struct image_check *check, struct release old, struct error *error)
{
    struct release new = check->contents.release;
    error_set(error, ERROR_OTHER,
              "image %s holds PostgreSQL %d.%d, which came out before the old server's %d.%d: what "
              "the newer of the two writes (such as pg_attver) the older may not read",
              check->image, new.major, new.minor, old.major, old.minor);
    return error_remedy(error,
                        "Use a newer image, with PostgreSQL %d.%d or later: docker pull %s "
                        "gets the newest of its tag.",
                        new.major, release_counterpart(new.major, old), check->image);
}

static bool check_release(const struct image_check *check, struct error *error)
{
    struct release new = check->contents.release;
    struct release old = release_of((int)json_number_at(check->server, "version_num"));
    enum release_order order = release_compare(new, old);
    static const enum verdict verdicts[] = {[RELEASE_EARLIER] = VERDICT_FAIL,
                                            [RELEASE_SAME_DAY] = VERDICT_PASS,
                                            [RELEASE_LATER] = VERDICT_PASS,
                                            [RELEASE_UNKNOWN] = VERDICT_WARN};
    static const char *const words[] = {[RELEASE_EARLIER] = "came out before",
                                        [RELEASE_SAME_DAY] = "came out together with",
                                        [RELEASE_LATER] = "came out after",
                                        [RELEASE_UNKNOWN] =
                                            "came out nobody knows when, seen from"};
    step_check(check->findings.run, "minor release", verdicts[order],
               "%d.%d %s the old server's %d.%d", new.major, new.minor, words[order], old.major,
               old.minor);
    return order != RELEASE_EARLIER || too_old(check, old, error);
}

bool image_check_each_database(struct image_check *check, const char *sql,
                               void (*row)(void *context, const char *database,
                                           const PGresult *result, int row),
                               void *context, struct error *error)
{
    const cJSON *database;
    cJSON_ArrayForEach(database, json_at(check->server, "databases"))
    {
        struct pg_connection *connection =
            server_open_database(&check->access, database->string, error);
        PGresult *result = connection ? pg_query(connection, sql, 0, NULL, error) : NULL;
        for (int i = 0; result && i < PQntuples(result); i++)
            row(context, database->string, result, i);
        bool asked = result != NULL;
        PQclear(result);
        pg_close(connection);
        if (!asked)
            return false;
    }
    return true;
}

static void check_data(const struct image_check *check, const struct docker_image *image)
{
    const char *data = docker_image_data(image, NULL);
    step_check(check->findings.run, "data directory", VERDICT_PASS, "%s, volume at %s", data,
               docker_image_mount(image, data));
}

static bool read_image(struct image_check *check, struct error *error)
{
    struct docker_image image = {0};
    bool there = docker_image_inspect(check->docker, check->image, &image, error);
    if (there && !image.exists)
        there = missing_image(check->image, error);
    if (there)
        check_data(check, &image);
    docker_image_free(&image);
    return there && image_contents_read(check->docker, check->image, &check->contents, error);
}

/* All of it is asked, so that the operator sees everything at once. */
static bool check_all(struct image_check *check, struct error *error)
{
    struct error ignored = ERROR_INIT;
    if (!read_image(check, error))
        return false;
    bool major = check_major(check, error);
    bool release = check_release(check, major ? error : &ignored) && major;
    image_check_extensions(check);
    bool asked = image_check_libraries(check, release ? error : &ignored);
    asked = image_check_locales(check, release && asked ? error : &ignored) && asked;
    return release && asked && findings_judge(&check->findings, error);
}

static bool run_check_image(struct step_run *run, struct error *error)
{
    const char *server = step_text(run, "server");
    struct image_check check = {.findings = {.run = run},
                                .image = step_text(run, "image"),
                                .server = survey_known(run, server)};
    if (!check.server) {
        error_set(error, ERROR_OTHER, "nothing is recorded of server \"%s\"", server);
        return error_remedy(error, "A step pg.inventory of that server has to come before.");
    }
    check.docker = docker_open(error);
    bool done =
        check.docker && server_find(run, server, &check.access, error) && check_all(&check, error);
    server_free(&check.access);
    docker_close(check.docker);
    image_contents_free(&check.contents);
    return done;
}

static const struct argument check_image_arguments[] = {
    {"image", ARGUMENT_TEXT, true, NULL, NULL, "the image to go to"},
    {"server", ARGUMENT_SERVER, true, NULL, NULL, "the server that it has to suit"},
    {"major", ARGUMENT_INTEGER, false, NULL, NULL, "major version that it has to hold"},
    {FINDINGS_ARGUMENT, ARGUMENT_LIST, false, NULL, NULL, FINDINGS_HELP},
    {NULL, ARGUMENT_TEXT, false, NULL, NULL, NULL},
};

const struct action pg_check_image_action = {
    .name = "pg.check_image",
    .danger = DANGER_READ,
    .help = "asks the target image for its release, extensions and their update paths, libraries "
            "and locales",
    .arguments = check_image_arguments,
    .run = run_check_image,
};
