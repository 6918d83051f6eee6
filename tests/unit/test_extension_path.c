/* test_extension_path.c: ways from version to version by the names of an extension's scripts. */
#include "postgres/extension_path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static cJSON *scripts_of(const char *const *files)
{
    cJSON *scripts = cJSON_CreateObject();
    for (; *files; files++)
        extension_add_script(scripts, *files);
    return scripts;
}

static const char *const files[] = {
    "vector--0.1.0--0.1.1.sql",
    "vector--0.1.1--0.2.0.sql",
    "vector--0.2.0.sql",
    "vector--0.2.0--0.3.0.sql",
    "vector--0.9--1.0--1.1.sql", /* no script of PostgreSQL's kind */
    "vector.control",
    "vector--0.4.0.control",
    "ring--1--2.sql",
    "ring--2--1.sql",
    "ring--3.sql",
    "--1.sql",
    "empty--.sql",
    NULL,
};

static void installing(void **state)
{
    (void)state;
    cJSON *scripts = scripts_of(files);
    assert_true(extension_installs(scripts, "vector", "0.2.0"));
    assert_true(extension_installs(scripts, "vector", "0.3.0"));
    assert_false(extension_installs(scripts, "vector", "0.1.1")); /* no script makes 0.1.0 */
    assert_false(extension_installs(scripts, "vector", "1.1"));
    assert_false(extension_installs(scripts, "vector", "0.4.0"));
    assert_false(extension_installs(scripts, "ring", "1"));
    assert_false(extension_installs(scripts, "none", "1"));
    assert_false(extension_installs(scripts, "empty", ""));
    assert_int_equal(cJSON_GetArraySize(scripts), 2);
    cJSON_Delete(scripts);
}

static void updating(void **state)
{
    (void)state;
    cJSON *scripts = scripts_of(files);
    assert_true(extension_updates(scripts, "vector", "0.1.0", "0.3.0"));
    assert_true(extension_updates(scripts, "vector", "7", "7"));
    assert_false(extension_updates(scripts, "vector", "0.3.0", "0.1.0"));
    assert_true(extension_updates(scripts, "ring", "2", "1"));
    assert_false(extension_updates(scripts, "ring", "1", "3"));
    assert_false(extension_updates(scripts, "none", "1", "2"));
    cJSON_Delete(scripts);
}

static const struct {
    const char *used, *offered;
    enum extension_fit fit;
} cases[] = {
    {"0.3.0", "0.3.0", EXTENSION_SAME},       {"0.1.0", "0.3.0", EXTENSION_NEWER},
    {"0.2.0", "0.3.0", EXTENSION_NEWER},      {"0.0.9", "0.3.0", EXTENSION_NO_WAY},
    {"0.3.0", "0.2.0", EXTENSION_OLDER},      {"0.10.0", "0.3.0", EXTENSION_NEWER_USED},
    {"0.1.0", "0.0.5", EXTENSION_NEWER_USED}, {"9.9", "9.9", EXTENSION_SAME},
};

static void fitting(void **state)
{
    (void)state;
    cJSON *scripts = scripts_of(files);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(extension_fit(scripts, "vector", cases[i].used, cases[i].offered),
                         cases[i].fit);
    cJSON_Delete(scripts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(installing),
        cmocka_unit_test(updating),
        cmocka_unit_test(fitting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
