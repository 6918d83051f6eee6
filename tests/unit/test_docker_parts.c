/* test_docker_parts.c: what is read out of the engine's answers: containers, images, versions,
 * times. */
#include "base/json.h"
#include "docker/connection.h"
#include "docker/image.h"
#include "docker/lifecycle.h"
#include "docker/system.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char inspected[] =
    "{\"Id\":\"abc\",\"Config\":{\"Env\":[\"PGDATA=/var/lib/postgresql/data\",\"PGDATABASE=x\","
    "\"EMPTY=\"],\"Labels\":{\"com.docker.compose.service\":\"postgres\"}},"
    "\"HostConfig\":{\"PortBindings\":{\"9187/tcp\":[{\"HostIp\":\"\",\"HostPort\":\"9187\"}]}},"
    "\"NetworkSettings\":{\"Ports\":{\"5432/tcp\":[{\"HostIp\":\"0.0.0.0\",\"HostPort\":\"5433\"},"
    "{\"HostIp\":\"::\",\"HostPort\":\"5433\"}],\"80/"
    "tcp\":[{\"HostIp\":\"::\",\"HostPort\":\"81\"}],"
    "\"81/tcp\":null},\"Networks\":{\"a\":{\"IPAddress\":\"\"},\"b\":{\"IPAddress\":"
    "\"172.18.0.2\"}}},"
    "\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/srv\",\"Destination\":\"/var/lib\"},"
    "{\"Type\":\"volume\",\"Name\":\"v1\",\"Source\":\"/x\",\"Destination\":"
    "\"/var/lib/postgresql/data\"},"
    "{\"Type\":\"volume\",\"Name\":\"v2\",\"Destination\":\"/var/lib/postgresql/data2\"}]}";

static struct docker_container container(void)
{
    return (struct docker_container){.exists = true, .inspect = cJSON_Parse(inspected)};
}

static void environment_and_labels(void **state)
{
    (void)state;
    struct docker_container found = container();
    assert_string_equal(docker_container_environment(&found, "PGDATA"), "/var/lib/postgresql/data");
    assert_string_equal(docker_container_environment(&found, "EMPTY"), "");
    assert_null(docker_container_environment(&found, "PGD"));
    assert_string_equal(docker_container_label(&found, "com.docker.compose.service"), "postgres");
    assert_null(docker_container_label(&found, "nope"));
    docker_container_free(&found);
}

static void ports_and_addresses(void **state)
{
    (void)state;
    struct docker_container found = container();
    char address[64] = "";
    assert_int_equal(docker_container_published(&found, 5432, address, sizeof address), 5433);
    assert_string_equal(address, "127.0.0.1");
    assert_int_equal(docker_container_published(&found, 80, address, sizeof address), 81);
    assert_string_equal(address, "::1");
    assert_int_equal(docker_container_published(&found, 81, address, sizeof address), 0);
    /* A container that doesn't run has its port in what it was made with. */
    assert_int_equal(docker_container_published(&found, 9187, NULL, 0), 9187);
    assert_string_equal(docker_container_address(&found), "172.18.0.2");
    docker_container_free(&found);
}

static void the_deepest_mount_holds_a_path(void **state)
{
    (void)state;
    struct docker_container found = container();
    struct docker_mount mount;
    assert_true(docker_container_mount(&found, "/var/lib/postgresql/data/base", &mount));
    assert_string_equal(mount.source, "v1");
    assert_string_equal(mount.type, "volume");
    assert_true(docker_container_mount(&found, "/var/lib/postgresql/data2", &mount));
    assert_string_equal(mount.source, "v2");
    assert_true(docker_container_mount(&found, "/var/lib/mysql", &mount));
    assert_string_equal(mount.source, "/srv");
    assert_false(docker_container_mount(&found, "/var/libel", &mount));
    docker_container_free(&found);
}

static void paths_hold_paths(void **state)
{
    (void)state;
    assert_true(docker_path_holds("/a/b", "/a/b"));
    assert_true(docker_path_holds("/a/b/", "/a/b/c"));
    assert_true(docker_path_holds("/", "/a"));
    assert_false(docker_path_holds("/a/b", "/a/bc"));
    assert_false(docker_path_holds("/a/b/c", "/a/b"));
    assert_false(docker_path_holds("", "/a"));
}

static struct docker_image image(const char *volumes, const char *environment)
{
    char *json = xprintf("{\"Config\":{\"Env\":[%s],\"Volumes\":{%s}}}", environment, volumes);
    struct docker_image made = {.exists = true, .inspect = cJSON_Parse(json)};
    free(json);
    return made;
}

static void images_up_to_17(void **state)
{
    (void)state;
    struct error error = ERROR_INIT;
    struct docker_image found =
        image("\"/var/lib/postgresql/data\":{}", "\"PGDATA=/var/lib/postgresql/data\"");
    const char *data = docker_image_data(&found, NULL);
    assert_string_equal(data, "/var/lib/postgresql/data");
    assert_string_equal(docker_image_mount(&found, data), "/var/lib/postgresql/data");
    assert_true(docker_image_uses_mount(&found, data, "/var/lib/postgresql/data", &error));
    assert_true(docker_image_uses_mount(&found, "/var/lib/postgresql/data/pgdata",
                                        "/var/lib/postgresql/data", &error));
    /* The image's own volume would lie over the mount. */
    assert_false(docker_image_uses_mount(&found, data, "/var/lib/postgresql", &error));
    assert_non_null(strstr(error.message, "anonymous"));
    docker_image_free(&found);
}

static void images_from_18_on(void **state)
{
    (void)state;
    struct error error = ERROR_INIT;
    struct docker_image found =
        image("\"/var/lib/postgresql\":{}", "\"PGDATA=/var/lib/postgresql/18/docker\"");
    const char *data = docker_image_data(&found, "");
    assert_string_equal(docker_image_mount(&found, data), "/var/lib/postgresql");
    assert_true(docker_image_uses_mount(&found, data, "/var/lib/postgresql", &error));
    assert_false(docker_image_uses_mount(&found, data, "/var/lib/postgresql/data", &error));
    assert_non_null(strstr(error.remedy, "/var/lib/postgresql"));
    docker_image_free(&found);
}

static void an_image_that_says_nothing(void **state)
{
    (void)state;
    struct docker_image found = image("", "");
    assert_string_equal(docker_image_data(&found, NULL), "/var/lib/postgresql/data");
    assert_string_equal(docker_image_data(&found, "/data"), "/data");
    assert_string_equal(docker_image_mount(&found, "/data"), "/data");
    docker_image_free(&found);
}

static void versions(void **state)
{
    (void)state;
    assert_int_equal(docker_version_compare("20.10.24+dfsg1", "20.10"), 1);
    assert_int_equal(docker_version_compare("20.10", "20.10.0"), 0);
    assert_int_equal(docker_version_compare("19.03.15", "20.10"), -1);
    assert_int_equal(docker_version_compare("28.5.2", "20.10"), 1);
    assert_int_equal(docker_version_compare("v2.26.1-4", "2"), 1);
    assert_int_equal(docker_version_compare("2.26.1-4", "2.26.1"), 0);
    assert_int_equal(docker_version_compare("1.29.2", "2"), -1);
    assert_int_equal(docker_version_compare("", "2"), -1);
    assert_int_equal(docker_version_compare("dev", "dev"), 0);
}

static void times(void **state)
{
    (void)state;
    assert_int_equal(docker_time("1970-01-01T00:00:01Z"), 1000);
    assert_int_equal(docker_time("2026-02-17T14:22:31.042123456Z"), 1771338151042);
    assert_int_equal(docker_time("2026-02-17T14:22:31.5Z"), 1771338151500);
    assert_int_equal(docker_time("0001-01-01T00:00:00Z"), 0);
    assert_int_equal(docker_time("yesterday"), 0);
    assert_int_equal(docker_time(NULL), 0);
}

static void names_in_lists(void **state)
{
    (void)state;
    cJSON *list = cJSON_Parse("[{\"Names\":[\"/web/db\",\"/db\"]},{\"Names\":[\"/b\"]},"
                              "{\"Names\":[\"/c\"]}]");
    struct text names = {0};
    docker_listed_names(list, &names);
    assert_string_equal(text_string(&names), "db, b and c");
    text_free(&names);
    cJSON_Delete(list);
}

static void json_paths(void **state)
{
    (void)state;
    cJSON *tree = cJSON_Parse("{\"a\":{\"b\":{\"c\":\"x\",\"n\":3,\"t\":true}},\"d.e\":\"y\"}");
    assert_string_equal(json_text_at(tree, "a.b.c"), "x");
    assert_null(json_text_at(tree, "a.b.n"));
    assert_null(json_text_at(tree, "a.x.c"));
    assert_true(json_number_at(tree, "a.b.n") == 3);
    assert_true(json_true_at(tree, "a.b.t"));
    assert_false(json_true_at(tree, "a.b.c"));
    assert_string_equal(json_text(tree, "d.e"), "y");
    assert_null(json_at(NULL, "a"));
    cJSON_Delete(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(environment_and_labels),
        cmocka_unit_test(ports_and_addresses),
        cmocka_unit_test(the_deepest_mount_holds_a_path),
        cmocka_unit_test(paths_hold_paths),
        cmocka_unit_test(images_up_to_17),
        cmocka_unit_test(images_from_18_on),
        cmocka_unit_test(an_image_that_says_nothing),
        cmocka_unit_test(versions),
        cmocka_unit_test(times),
        cmocka_unit_test(names_in_lists),
        cmocka_unit_test(json_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
