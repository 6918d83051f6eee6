/* pg_check_image.c: pg.check_image, which asks the target image itself what it carries. */
#include "steps/actions.h"
#include "steps/image_contents.h"
#include "steps/pg_survey.h"

#include "base/json.h"
#include "docker/image.h"

#include <stdlib.h>
#include <string.h>

struct check {
    struct step_run *run;
    const char *image;
    const cJSON *server; /* the fact "server.NAME" */
    struct image_contents contents;
};

static bool missing_image(const char *image, struct error *error)
{
    error_set(error, ERROR_OTHER, "image %s isn't on this Docker engine", image);
    return error_remedy(error, "Pull it first: docker pull %s", image);
}

static bool check_major(const struct check *check, struct error *error)
{
    long major = step_integer(check->run, "major");
    struct release release = check->contents.release;
    bool fits = !major || release.major == major;
    step_check(check->run, "version", fits ? VERDICT_PASS : VERDICT_FAIL, "PostgreSQL %d.%d",
               release.major, release.minor);
    if (fits)
        return true;
    error_set(error, ERROR_OTHER, "image %s holds PostgreSQL %d.%d, expected was %ld", check->image,
              release.major, release.minor, major);
    return error_remedy(error, "Choose the image of the right major (variable new_image).");
}

static bool too_old(const struct check *check, struct release old, struct error *error)
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

static bool check_release(const struct check *check, struct error *error)
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
    step_check(check->run, "minor release", verdicts[order], "%d.%d %s the old server's %d.%d",
               new.major, new.minor, words[order], old.major, old.minor);
    return order != RELEASE_EARLIER || too_old(check, old, error);
}

/* One extension of one database; false when the image lacks it. */
static bool has_extension(const struct check *check, const char *database, const cJSON *extension)
{
    const char *offered = json_text(check->contents.extensions, extension->string);
    char *name = xprintf("%s: extension %s", database, extension->string);
    int order = offered ? strverscmp(offered, extension->valuestring) : 0;
    if (!offered)
        step_check(check->run, name, VERDICT_FAIL, "version %s in use, none in the image",
                   extension->valuestring);
    else
        step_check(check->run, name, order < 0 ? VERDICT_WARN : VERDICT_PASS,
                   "version %s in use, %s in the image%s", extension->valuestring, offered,
                   order < 0 ? ": an older one" : "");
    free(name);
    return offered != NULL;
}

static bool lacks(const struct check *check, const char *names, struct error *error)
{
    error_set(error, ERROR_OTHER, "image %s lacks extensions that the old server uses: %s",
              check->image, names);
    return error_remedy(error,
                        "Use an image that carries them (variable new_image); for vector that is "
                        "pgvector/pgvector:pg%d, not postgres:%d.",
                        check->contents.release.major, check->contents.release.major);
}

static bool check_extensions(const struct check *check, struct error *error)
{
    const cJSON *database, *extension;
    struct text_list missing = {0};
    cJSON_ArrayForEach(database, json_at(check->server, "extensions"))
    {
        cJSON_ArrayForEach(extension, database)
        {
            if (!has_extension(check, database->string, extension) &&
                !text_list_has(&missing, extension->string))
                text_list_add(&missing, extension->string);
        }
    }
    struct text names = {0};
    for (size_t i = 0; i < missing.count; i++)
        text_printf(&names, "%s%s", i ? ", " : "", missing.items[i]);
    bool complete = !missing.count || lacks(check, text_string(&names), error);
    text_free(&names);
    text_list_free(&missing);
    return complete;
}

static void check_data(const struct check *check, const struct docker_image *image)
{
    const char *data = docker_image_data(image, NULL);
    step_check(check->run, "data directory", VERDICT_PASS, "%s, volume at %s", data,
               docker_image_mount(image, data));
}

static bool check_all(struct check *check, struct docker *docker, struct error *error)
{
    struct docker_image image = {0};
    bool there = docker_image_inspect(docker, check->image, &image, error);
    if (there && !image.exists)
        there = missing_image(check->image, error);
    if (there)
        check_data(check, &image);
    docker_image_free(&image);
    if (!there || !image_contents_read(docker, check->image, &check->contents, error))
        return false;
    bool major = check_major(check, error);
    bool release = check_release(check, major ? error : NULL);
    return check_extensions(check, major && release ? error : NULL) && major && release;
}

static bool run_check_image(struct step_run *run, struct error *error)
{
    const char *server = step_text(run, "server");
    struct check check = {
        .run = run, .image = step_text(run, "image"), .server = survey_known(run, server)};
    if (!check.server) {
        error_set(error, ERROR_OTHER, "nothing is recorded of server \"%s\"", server);
        return error_remedy(error, "A step pg.inventory of that server has to come before.");
    }
    struct docker *docker = docker_open(error);
    bool done = docker && check_all(&check, docker, error);
    docker_close(docker);
    image_contents_free(&check.contents);
    return done;
}

static const struct argument check_image_arguments[] = {
    {"image", ARGUMENT_TEXT, true, NULL, NULL, "the image to go to"},
    {"server", ARGUMENT_SERVER, true, NULL, NULL, "the server whose extensions it has to carry"},
    {"major", ARGUMENT_INTEGER, false, NULL, NULL, "major version that it has to hold"},
    {NULL, ARGUMENT_TEXT, false, NULL, NULL, NULL},
};

const struct action pg_check_image_action = {
    .name = "pg.check_image",
    .danger = DANGER_READ,
    .help = "asks the target image for its release and its extensions",
    .arguments = check_image_arguments,
    .run = run_check_image,
};
