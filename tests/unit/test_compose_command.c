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

static void answers(const char *engine, const char *expected)
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
    setenv("DOCKER_CONTEXT", "elsewhere", 1);
    unsetenv("DOCKER_HOST");
    answers("unix:///var/run/docker.sock",
            "unix:///var/run/docker.sock default compose version --short");
    setenv("DOCKER_HOST", "tcp://other:2375", 1);
    answers("tcp://mine:2375", "tcp://mine:2375 default compose version --short");
}

static void without_one_the_environment_stays(void **state)
{
    (void)state;
    setenv("DOCKER_CONTEXT", "elsewhere", 1);
    setenv("DOCKER_HOST", "tcp://other:2375", 1);
    answers(NULL, "tcp://other:2375 elsewhere compose version --short");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_engine_is_handed_on),
        cmocka_unit_test(without_one_the_environment_stays),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
