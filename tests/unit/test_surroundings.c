/* test_surroundings.c: the working directory and the Docker engine of a run that is gone on with.
 */
#include "base/file.h"
#include "base/text.h"
#include "engine/surroundings.h"
#include "steps/where.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct place {
    char *run, *work; /* the run's directory, the one it is started in */
};

static int set_up(void **state)
{
    char run[] = "/tmp/pgrunbook-run.XXXXXX", work[] = "/tmp/pgrunbook-work.XXXXXX";
    struct place *place = xcalloc(1, sizeof *place);
    assert_non_null(mkdtemp(run));
    assert_non_null(mkdtemp(work));
    *place = (struct place){xstrdup(run), xstrdup(work)};
    *state = place;
    unsetenv("DOCKER_HOST");
    unsetenv("DOCKER_CERT_PATH");
    unsetenv("DOCKER_TLS_VERIFY");
    unsetenv("DOCKER_CONTEXT");
    unsetenv("DOCKER_CONFIG");
    setenv("HOME", work, 1);
    return chdir(work);
}

static int tear_down(void **state)
{
    struct place *place = *state;
    char *journal = file_join(place->run, "journal.jsonl");
    unlink(journal);
    free(journal);
    rmdir(place->run);
    rmdir(place->work);
    free(place->run);
    free(place->work);
    free(place);
    return chdir("/");
}

static void write_journal(const struct place *place, const char *text)
{
    struct error error = ERROR_INIT;
    char *path = file_join(place->run, "journal.jsonl");
    assert_true(file_write_atomic(path, text, strlen(text), 0600, &error));
    free(path);
}

/* The journal of a run that is started here and now. */
static void record(const struct place *place)
{
    cJSON *event = cJSON_CreateObject();
    cJSON_AddStringToObject(event, "type", "run_created");
    surroundings_record(event);
    char *line = cJSON_PrintUnformatted(event);
    char *text = xprintf("%s\n{\"type\":\"engine_started\",\"directory\":\"/nowhere\"}\n", line);
    write_journal(place, text);
    free(text);
    free(line);
    cJSON_Delete(event);
}

static void what_was_set_is_set_again(void **state)
{
    const struct place *place = *state;
    struct error error = ERROR_INIT;
    setenv("DOCKER_HOST", "tcp://stack:2376", 1);
    setenv("DOCKER_CERT_PATH", "/certificates", 1);
    setenv("DOCKER_TLS_VERIFY", "", 1);
    record(place);
    setenv("DOCKER_HOST", "unix:///other.sock", 1);
    unsetenv("DOCKER_CERT_PATH");
    unsetenv("DOCKER_TLS_VERIFY");
    setenv("DOCKER_CONTEXT", "other", 1);
    assert_true(surroundings_use_docker(place->run, &error));
    assert_string_equal(getenv("DOCKER_HOST"), "tcp://stack:2376");
    assert_string_equal(getenv("DOCKER_CERT_PATH"), "/certificates");
    assert_string_equal(getenv("DOCKER_TLS_VERIFY"), "");
    assert_null(getenv("DOCKER_CONTEXT"));
}

static void what_was_not_set_is_unset(void **state)
{
    const struct place *place = *state;
    struct error error = ERROR_INIT;
    record(place);
    setenv("DOCKER_HOST", "unix:///other.sock", 1);
    assert_true(surroundings_enter(place->run, &error));
    assert_null(getenv("DOCKER_HOST"));
}

static void the_working_directory_is_entered(void **state)
{
    const struct place *place = *state;
    struct error error = ERROR_INIT;
    record(place);
    assert_int_equal(chdir("/"), 0);
    assert_true(surroundings_use_docker(place->run, &error));
    char *here = getcwd(NULL, 0);
    assert_string_equal(here, "/"); /* of the client, whose paths are its own */
    free(here);
    assert_true(surroundings_enter(place->run, &error));
    here = getcwd(NULL, 0);
    assert_string_equal(here, place->work);
    free(here);
}

static void a_directory_that_is_gone_is_said(void **state)
{
    const struct place *place = *state;
    struct error error = ERROR_INIT;
    record(place);
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(rmdir(place->work), 0);
    assert_false(surroundings_enter(place->run, &error));
    assert_non_null(strstr(error.message, place->work));
    assert_non_null(strstr(error.message, "the run was started in"));
    assert_non_null(strstr(error.remedy, "mkdir -p"));
}

static void without_a_record_all_stays(void **state)
{
    const struct place *place = *state;
    struct error error = ERROR_INIT;
    setenv("DOCKER_HOST", "unix:///other.sock", 1);
    assert_true(surroundings_enter(place->run, &error)); /* no journal yet */
    write_journal(place, "{\"type\":\"run_created\",\"run\":\"r\"}\n");
    assert_true(surroundings_enter(place->run, &error));
    assert_string_equal(getenv("DOCKER_HOST"), "unix:///other.sock");
    char *here = getcwd(NULL, 0);
    assert_string_equal(here, place->work);
    free(here);
    write_journal(place, "no journal\n");
    assert_false(surroundings_enter(place->run, &error));
}

/* What `docker context use` leaves behind. */
static void use_context(const char *configuration, const char *name)
{
    struct error error = ERROR_INIT;
    char *path = file_join(configuration, "config.json");
    char *text = xprintf("{\"currentContext\":\"%s\"}", name);
    assert_true(file_make_directories(configuration, 0700, &error));
    assert_true(file_write_atomic(path, text, strlen(text), 0600, &error));
    free(text);
    free(path);
}

static void remove_configuration(const char *configuration)
{
    char *path = file_join(configuration, "config.json");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(configuration), 0);
    free(path);
}

/* This machine's own engine is kept as well, from the beginning and in another shell. */
static void another_context_in_use_changes_nothing(void **state)
{
    const struct place *place = *state;
    struct error error = ERROR_INIT;
    char *configuration = file_join(place->work, ".docker"), *engine = NULL;
    assert_true(where_stay(&error));
    record(place);
    use_context(configuration, "live"); /* there isn't even such a context */
    assert_true(where_description(&engine, &error));
    assert_null(engine);
    unsetenv("DOCKER_CONTEXT");
    assert_false(where_description(&engine, &error));
    setenv("DOCKER_CONFIG", "/nowhere", 1);
    assert_true(surroundings_use_docker(place->run, &error));
    assert_string_equal(getenv("DOCKER_CONTEXT"), "default");
    assert_string_equal(getenv("DOCKER_CONFIG"), configuration);
    assert_true(where_description(&engine, &error));
    assert_null(engine);
    remove_configuration(configuration);
    free(configuration);
}

static void the_context_in_use_at_the_start_stays(void **state)
{
    const struct place *place = *state;
    struct error error = ERROR_INIT;
    char *configuration = file_join(place->work, ".docker");
    use_context(configuration, "live");
    assert_true(where_stay(&error));
    use_context(configuration, "default");
    assert_true(where_stay(&error));
    assert_string_equal(getenv("DOCKER_CONTEXT"), "live");
    remove_configuration(configuration);
    free(configuration);
}

static void an_address_with_a_password_is_refused(void **state)
{
    (void)state;
    struct error error = ERROR_INIT;
    setenv("DOCKER_HOST", "ssh://ops:s3cr3t@db1", 1);
    assert_false(where_stay(&error));
    assert_int_equal(error.kind, ERROR_DOCKER);
    assert_null(strstr(error.message, "s3cr3t"));
    setenv("DOCKER_HOST", "ssh://ops@db1", 1);
    assert_true(where_stay(&error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_set_is_set_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_not_set_is_unset, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_working_directory_is_entered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_directory_that_is_gone_is_said, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_a_record_all_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_context_in_use_changes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_context_in_use_at_the_start_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_address_with_a_password_is_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
