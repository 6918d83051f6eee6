/* test_compose_config.c: what is in force in a stack, and that an edit changes nothing else of it.
 */
#include "compose/command.h"
#include "compose/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MOUNT(source)                                                                              \
    "{\"type\":\"volume\",\"source\":\"" source "\",\"target\":\"/data\",\"volume\":{}}"
#define STACK(image, mount, volumes, redis)                                                        \
    "{\"name\":\"p\",\"services\":{\"db\":{\"image\":\"" image "\",\"volumes\":[" mount            \
    "]},\"redis\":{\"image\":\"" redis "\"}},\"volumes\":{" volumes "}}"
#define BEFORE STACK("a:15", MOUNT("old"), "\"old\":{\"name\":\"p_old\"}", "redis:7")
#define AFTER STACK("a:17", MOUNT("new"), "\"new\":{\"name\":\"new\",\"external\":true}", "redis:7")

static const struct compose_change change = {
    .service = "db", .image = "a:17", .target = "/data", .volume = "new", .replaced_key = "old"};

static bool changed(const char *before, const char *after, struct error *error)
{
    cJSON *old = cJSON_Parse(before), *new = cJSON_Parse(after);
    assert_non_null(old);
    assert_non_null(new);
    bool right = compose_config_changed(old, new, &change, error);
    cJSON_Delete(old);
    cJSON_Delete(new);
    return right;
}

static void refused(const char *after, const char *message)
{
    struct error error = ERROR_INIT;
    assert_false(changed(BEFORE, after, &error));
    if (!strstr(error.message, message))
        print_message("%s\n", error.message);
    assert_non_null(strstr(error.message, message));
}

static void the_change_alone_is_right(void **state)
{
    (void)state;
    struct error error = ERROR_INIT;
    assert_true(changed(BEFORE, AFTER, &error));
    assert_true(changed(AFTER, AFTER, &error));
}

static void anything_else_is_not(void **state)
{
    (void)state;
    refused(STACK("a:17", MOUNT("new"), "\"new\":{\"name\":\"new\",\"external\":true}", "redis:8"),
            "services.redis.image");
    refused(BEFORE, "image in force would be a:15");
    refused(STACK("a:17", MOUNT("old"), "\"old\":{\"name\":\"p_old\"}", "redis:7"),
            "volume in force");
    refused(STACK("a:17", MOUNT("new"), "\"new\":{\"name\":\"p_new\"}", "redis:7"),
            "would be called p_new");
    refused("{\"services\":{\"web\":{}}}", "no service db");
}

static void values_stay_out_of_messages(void **state)
{
    (void)state;
    struct error error = ERROR_INIT;
    assert_false(changed(
        BEFORE,
        STACK("a:17", MOUNT("new"), "\"new\":{\"name\":\"new\",\"external\":true}", "geheim"),
        &error));
    assert_null(strstr(error.message, "geheim"));
}

static void mounts_and_volumes(void **state)
{
    (void)state;
    cJSON *config = cJSON_Parse(BEFORE);
    const cJSON *service = NULL;
    struct error error = ERROR_INIT;
    assert_true(compose_config_service(config, "db", &service, &error));
    assert_non_null(compose_config_mount(service, "/data/pg"));
    assert_null(compose_config_mount(service, "/database"));
    assert_string_equal(compose_config_volume(config, "old"), "p_old");
    assert_null(compose_config_volume(config, "other"));
    assert_false(compose_config_shares(config, "db", "/data", "old"));
    assert_true(compose_config_shares(config, "redis", "/data", "old"));
    assert_false(compose_config_service(config, "dbx", &service, &error));
    assert_non_null(strstr(error.remedy, "db"));
    cJSON_Delete(config);
}

static void files_of_a_label(void **state)
{
    (void)state;
    struct text_list files = {0};
    compose_files("/a/b.yml,/a/c.yml", &files);
    assert_int_equal(files.count, 2);
    assert_string_equal(files.items[0], "/a/b.yml");
    assert_string_equal(files.items[1], "/a/c.yml");
    text_list_free(&files);
    files = (struct text_list){0};
    compose_files("/a/b.yml,", &files);
    assert_int_equal(files.count, 1);
    text_list_free(&files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_change_alone_is_right),
        cmocka_unit_test(anything_else_is_not),
        cmocka_unit_test(values_stay_out_of_messages),
        cmocka_unit_test(mounts_and_volumes),
        cmocka_unit_test(files_of_a_label),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
