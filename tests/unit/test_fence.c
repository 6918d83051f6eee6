/* test_fence.c: the record of a fence, what counts as the same endpoint, and a relay without an
 * engine. */
#include "base/file.h"
#include "base/text.h"
#include "docker/attachment.h"
#include "postgres/connection.h"
#include "postgres/namespace.h"
#include "steps/fence/fence_record.h"
#include "steps/server/relay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ID "0123456789abcdef0123456789abcdef"

static bool same(const char *left, const char *right)
{
    cJSON *one = cJSON_Parse(left), *other = cJSON_Parse(right);
    assert_non_null(one);
    assert_non_null(other);
    bool equal = docker_same_endpoint(one, other, ID);
    cJSON_Delete(one);
    cJSON_Delete(other);
    return equal;
}

static void test_endpoints(void **state)
{
    (void)state;
    assert_true(same(
        "{\"Aliases\":[\"db\",\"0123456789ab\"],\"IPAMConfig\":null,\"IPAddress\":\"10.0.0.2\"}",
        "{\"Aliases\":[\"db\"],\"IPAMConfig\":{},\"DriverOpts\":{},\"IPAddress\":\"10.0.0.3\"}"));
    assert_true(same("{\"Aliases\":null}", "{\"Aliases\":[\"0123456789ab\"]}"));
    assert_true(same("{\"Aliases\":[\"a\",\"b\"]}", "{\"Aliases\":[\"b\",\"a\"]}"));
    assert_false(same("{\"Aliases\":[\"a\",\"b\"]}", "{\"Aliases\":[\"a\"]}"));
    assert_false(same("{\"Aliases\":[\"a\"]}", "{\"Aliases\":[\"a\",\"b\"]}"));
    assert_false(same("{\"IPAMConfig\":{\"IPv4Address\":\"10.0.0.2\"}}", "{\"IPAMConfig\":{}}"));
    assert_false(same("{\"IPAMConfig\":{\"IPv4Address\":\"10.0.0.2\"}}",
                      "{\"IPAMConfig\":{\"IPv4Address\":\"10.0.0.3\"}}"));
    assert_false(same("{\"Links\":[\"redis:cache\"]}", "{\"Links\":null}"));
    assert_false(same("{\"DriverOpts\":{\"a\":\"b\"}}", "{}"));
}

/* ---- the record ---- */

struct sent {
    cJSON *last;
};

static void report(void *context, cJSON *message)
{
    struct sent *sent = context;
    cJSON_Delete(sent->last);
    sent->last = message;
}

static void test_record(void **state)
{
    (void)state;
    char directory[] = "/tmp/pgrunbook-fence.XXXXXX";
    assert_non_null(mkdtemp(directory));
    struct sent sent = {0};
    cJSON *facts = cJSON_Parse("{\"fence\":{\"server\":\"old\",\"mode\":\"fact\"}}"),
          *record = NULL;
    struct step_run run = {.directory = directory, .report = report, .context = &sent};
    struct error error = ERROR_INIT;

    assert_true(fence_record_read(&run, "old", &record, &error));
    assert_null(record);
    run.facts = facts;
    assert_true(fence_record_read(&run, "old", &record, &error));
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(record, FENCE_MODE)), "fact");

    /* The file is newer than any fact. */
    fence_record_set(record, FENCE_MODE, cJSON_CreateString("file"));
    fence_record_set(record, FENCE_CUT, cJSON_CreateTrue());
    assert_true(fence_record_write(&run, record, &error));
    cJSON_Delete(record);
    assert_true(fence_record_read(&run, "old", &record, &error));
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(record, FENCE_MODE)), "file");
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(record, FENCE_CUT)));
    assert_int_equal(cJSON_GetArraySize(record), 3);
    cJSON_Delete(record);

    /* Another server's stands beside it. */
    assert_true(fence_record_read(&run, "live", &record, &error));
    assert_null(record);
    char *key = fence_record_fact(&run, "live");
    assert_string_equal(key, "fence.live");
    free(key);
    assert_true(fence_record_remove(&run, "live", &error));

    /* What can't be read is no fence that can be forgotten. */
    char *path = file_join(directory, "fence-old.json");
    assert_true(file_write_atomic(path, "{\"server\":", 10, 0600, &error));
    assert_false(fence_record_read(&run, "old", &record, &error));
    assert_null(record);
    assert_non_null(strstr(error.message, "fence-old.json"));

    assert_true(fence_record_remove(&run, "old", &error));
    assert_false(file_exists(path));
    assert_true(cJSON_IsFalse(cJSON_GetObjectItem(sent.last, "value")));
    assert_true(fence_record_remove(&run, "old", &error));
    free(path);
    cJSON_Delete(sent.last);
    cJSON_Delete(facts);
    assert_int_equal(rmdir(directory), 0);
}

/* ---- reaching ---- */

static struct pg_parameters parameters_for(const char *host)
{
    return (struct pg_parameters){.host = xstrdup(host),
                                  .port = 5432,
                                  .user = xstrdup("nobody"),
                                  .database = xstrdup("postgres"),
                                  .display = xstrdup("the server")};
}

static void test_relay(void **state)
{
    (void)state;
    struct error error = ERROR_INIT;
    setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock", 1);
    const struct relay_target target = {.container = "some-container", .port = 5432};
    struct relay *relay = relay_start(&target, &error);
    assert_non_null(relay);
    struct pg_parameters parameters = parameters_for(relay_host(relay));
    assert_null(pg_open_plain(&parameters, 0, &error));
    assert_non_null(
        strstr(error.message, "no way to the server inside of container some-container"));
    assert_non_null(strstr(error.message, "/nonexistent/docker.sock"));

    /* Ended, it leaves neither a socket nor a process. */
    relay_end(relay);
    assert_null(pg_open_plain(&parameters, 0, &error));
    assert_null(strstr(error.message, "no way to the server"));
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    relay_end(NULL);
    pg_parameters_free(&parameters);
    unsetenv("DOCKER_HOST");
}

static void test_namespace(void **state)
{
    (void)state;
    struct namespace_visit visit;
    struct error error = ERROR_INIT;
    assert_true(namespace_enter(NULL, &visit, &error));
    namespace_leave(&visit);
    assert_false(namespace_enter("/proc/self/ns/absent", &visit, &error));
    assert_non_null(strstr(error.message, "/proc/self/ns/absent"));
    namespace_leave(&visit);

    struct pg_parameters parameters = parameters_for("127.0.0.1");
    parameters.network_namespace = xstrdup("/proc/self/ns/absent");
    struct pg_parameters other = pg_parameters_for(&parameters, "other");
    assert_string_equal(other.network_namespace, parameters.network_namespace);
    assert_null(pg_open_plain(&other, 0, &error));
    assert_non_null(strstr(error.message, "can't connect to the server"));
    pg_parameters_free(&other);
    pg_parameters_free(&parameters);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_endpoints),
        cmocka_unit_test(test_record),
        cmocka_unit_test(test_relay),
        cmocka_unit_test(test_namespace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
