/* test_compose_command.c: which engine the docker command is sent to. A script stands for it, which
 * answers with what it finds in its environment. */
#include "base/file.h"
#include "compose/command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[] = "/tmp/pgrunbook-command.XXXXXX";
static char *script;

static int set_up(void **state)
{
    (void)state;
    static const char text[] = "#!/bin/sh\necho \"$DOCKER_HOST $DOCKER_CONTEXT $*\"\n";
    struct error error = ERROR_INIT;
    if (!mkdtemp(directory))
        return -1;
    script = file_join(directory, "docker");
    char *path = xprintf("%s:/usr/bin:/bin", directory);
    setenv("PATH", path, 1);
    free(path);
    return file_write_new(script, text, sizeof text - 1, 0755, &error) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(script);
    rmdir(directory);
    free(script);
    return 0;
}

static void answers(const char *const *engine, const char *expected)
{
    struct error error = ERROR_INIT;
    char *answer = NULL;
    if (!compose_version(engine, &answer, &error))
        fail_msg("%s", error.message);
    assert_string_equal(answer, expected);
    free(answer);
}

static void the_engine_is_handed_on(void **state)
{
    (void)state;
    static const char *const here[] = {"DOCKER_HOST=unix:///var/run/docker.sock",
                                       "DOCKER_CONTEXT=default", NULL};
    static const char *const there[] = {"DOCKER_HOST=tcp://mine:2376", "DOCKER_CONTEXT=default",
                                        NULL};
    setenv("DOCKER_CONTEXT", "elsewhere", 1);
    unsetenv("DOCKER_HOST");
    answers(here, "unix:///var/run/docker.sock default compose version --short");
    setenv("DOCKER_HOST", "tcp://other:2375", 1);
    answers(there, "tcp://mine:2376 default compose version --short");
}

static void without_one_the_environment_stays(void **state)
{
    (void)state;
    setenv("DOCKER_CONTEXT", "elsewhere", 1);
    setenv("DOCKER_HOST", "tcp://other:2375", 1);
    answers(NULL, "tcp://other:2375 elsewhere compose version --short");
}

/* The script answers "HOST CONTEXT ...", where Compose writes "SERVICE HASH". */
static void a_hash_is_one_line(void **state)
{
    (void)state;
    struct text_list files = {0};
    text_list_add(&files, "/nonexistent/docker-compose.yml");
    static const char *const engine[] = {"DOCKER_HOST=db", NULL};
    struct compose_project project = {.engine = engine, .files = &files, .directory = "/"};
    struct error error = ERROR_INIT;
    char *hash = NULL;
    assert_false(compose_hash(&project, "db", &hash, &error));
    assert_null(hash);
    assert_non_null(strstr(error.message, "gave no hash of db"));
    assert_int_equal(file_write_atomic(script, "#!/bin/sh\necho db 0af3\n", 24, 0755, &error),
                     true);
    assert_true(compose_hash(&project, "db", &hash, &error));
    assert_string_equal(hash, "0af3");
    free(hash);
    assert_false(compose_hash(&project, "d", &hash, &error));
    assert_false(compose_hash(&project, "other", &hash, &error));
    text_list_free(&files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_engine_is_handed_on),
        cmocka_unit_test(without_one_the_environment_stays),
        cmocka_unit_test(a_hash_is_one_line),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
