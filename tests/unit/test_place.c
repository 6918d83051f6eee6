/* test_place.c: a container's place in its stack, kept in the run's directory. */
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "steps/move/place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

static void test_kept(void **state)
{
    (void)state;
    char directory[] = "/tmp/pgrunbook-place.XXXXXX";
    assert_non_null(mkdtemp(directory));
    struct step_run run = {.directory = directory};
    struct error error = ERROR_INIT;
    cJSON *place = NULL, *networks = cJSON_Parse("{\"a_default\":{\"Aliases\":[\"postgres\"]}}");
    assert_true(place_read(&run, ID, &place, &error));
    assert_null(place);

    assert_true(place_write(&run, ID, "a-postgres-1", networks, &error));
    assert_true(place_read(&run, ID, &place, &error));
    assert_string_equal(json_text(place, "name"), "a-postgres-1");
    assert_true(cJSON_Compare(cJSON_GetObjectItem(place, "networks"), networks, true));
    cJSON_Delete(place);

    /* Another container's stands beside it; the same one's is replaced. */
    assert_true(place_read(&run, OTHER, &place, &error));
    assert_null(place);
    assert_true(place_write(&run, ID, "db", NULL, &error));
    assert_true(place_read(&run, ID, &place, &error));
    assert_string_equal(json_text(place, "name"), "db");
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(place, "networks")), 0);
    cJSON_Delete(place);
    cJSON_Delete(networks);

    char *path = file_join(directory, "place-" ID ".json");
    assert_int_equal(unlink(path), 0);
    free(path);
    assert_int_equal(rmdir(directory), 0);
}

/* What can't be read is no place that can be taken for none. */
static void test_damaged(void **state)
{
    (void)state;
    static const char *const damaged[] = {"",
                                          "{\"name\":\"db\"",
                                          "[]",
                                          "{\"name\":\"db\"}",
                                          "{\"name\":1,\"networks\":{}}",
                                          "{\"name\":\"db\",\"networks\":[]}"};
    char directory[] = "/tmp/pgrunbook-place.XXXXXX";
    assert_non_null(mkdtemp(directory));
    struct step_run run = {.directory = directory};
    char *path = file_join(directory, "place-" ID ".json");
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        struct error error = ERROR_INIT;
        cJSON *place = NULL;
        assert_true(file_write_atomic(path, damaged[i], strlen(damaged[i]), 0600, &error));
        assert_false(place_read(&run, ID, &place, &error));
        assert_null(place);
        assert_non_null(strstr(error.message, "place-" ID ".json isn't what was written there"));
        assert_non_null(strstr(error.remedy, "compose file"));
    }
    assert_int_equal(unlink(path), 0);
    free(path);
    assert_int_equal(rmdir(directory), 0);
}

/* An id is part of a path. */
static void test_id(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", "../../etc/passwd", "a/b", "0123 ", ID ID "0"};
    struct step_run run = {.directory = "/nonexistent"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct error error = ERROR_INIT;
        cJSON *place = NULL;
        assert_false(place_read(&run, wrong[i], &place, &error));
        assert_null(place);
        assert_non_null(strstr(error.message, "no container's id"));
        assert_false(place_write(&run, wrong[i], "db", NULL, &error));
        assert_non_null(strstr(error.message, "no container's id"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kept),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
