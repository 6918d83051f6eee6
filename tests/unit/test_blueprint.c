/* test_blueprint.c: one service of a configuration as a project of its own, and whether a container
 * is as a blueprint says. */
#include "base/json.h"
#include "compose/alone.h"
#include "compose/config.h"
#include "steps/move/blueprint.h"
#include "steps/move/parked.h"

#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static cJSON *parsed(const char *text)
{
    cJSON *tree = cJSON_Parse(text);
    if (!tree)
        fail_msg("no JSON: %s", text);
    return tree;
}

/* ---- a service alone ---- */

static const char config[] =
    "{\"name\":\"shop\","
    "\"networks\":{\"default\":{\"name\":\"shop_default\",\"ipam\":{}},"
    "\"back\":{\"name\":\"real\",\"external\":true}},"
    "\"volumes\":{\"data\":{\"name\":\"shop_data\",\"labels\":{\"a\":\"b\"}},\"bare\":null},"
    "\"secrets\":{\"token\":{\"file\":\"/t\"}},"
    "\"services\":{"
    "\"db\":{\"image\":\"pg:17\",\"container_name\":\"shop-db\",\"build\":{\"context\":\".\"},"
    "\"pull_policy\":\"build\",\"profiles\":[\"x\"],\"depends_on\":{\"cache\":{\"condition\":"
    "\"service_healthy\"}},\"networks\":{\"default\":null},\"environment\":{\"A\":\"$$\"}},"
    "\"cache\":{\"image\":\"redis\",\"depends_on\":{\"other\":{}}},"
    "\"other\":{\"build\":{\"context\":\".\"}}}}";

static void test_alone(void **state)
{
    (void)state;
    struct text_list others = {0};
    cJSON *whole = parsed(config), *alone = compose_config_alone(whole, "db", "throw", &others);
    cJSON *wanted = parsed(
        "{\"networks\":{\"default\":{\"name\":\"shop_default\",\"external\":true},"
        "\"back\":{\"name\":\"real\",\"external\":true}},"
        "\"volumes\":{\"data\":{\"name\":\"shop_data\",\"external\":true},"
        "\"bare\":{\"name\":\"bare\",\"external\":true}},"
        "\"secrets\":{\"token\":{\"file\":\"/t\"}},"
        "\"services\":{\"db\":{\"image\":\"pg:17\",\"container_name\":\"throw\",\"depends_on\":"
        "{\"cache\":{\"condition\":\"service_healthy\"}},\"networks\":{\"default\":null},"
        "\"environment\":{\"A\":\"$$\"}},"
        "\"cache\":{\"image\":\"pg:17\",\"network_mode\":\"none\"}}}");
    struct text path = {0};
    if (json_differs(wanted, alone, &path))
        fail_msg("%s differs", text_string(&path));
    assert_int_equal(others.count, 1);
    assert_string_equal(others.items[0], "cache");
    text_free(&path);
    text_list_free(&others);
    cJSON_Delete(wanted);
    cJSON_Delete(alone);
    cJSON_Delete(whole);
}

static void test_alone_small(void **state)
{
    (void)state;
    struct text_list others = {0};
    cJSON *whole = parsed("{\"services\":{\"db\":{\"image\":\"pg:17\"}}}");
    cJSON *alone = compose_config_alone(whole, "db", "throw", &others);
    assert_true(cJSON_Compare(whole, alone, true));
    assert_int_equal(others.count, 0);
    cJSON_Delete(alone);
    cJSON_Delete(whole);
}

static void test_absent(void **state)
{
    (void)state;
    cJSON *whole = parsed("{\"services\":{\"db\":{\"depends_on\":{\"a\":{},\"cache\":{},\"b\":{}}},"
                          "\"cache\":{\"depends_on\":{\"a\":{}}},\"app\":{}}}");
    cJSON *wanted = parsed("{\"services\":{\"db\":{\"depends_on\":{\"cache\":{}}},\"cache\":{},"
                           "\"app\":{}}}");
    compose_config_drop_absent(whole);
    assert_true(cJSON_Compare(whole, wanted, true));
    cJSON_Delete(wanted);
    cJSON_Delete(whole);
    compose_config_drop_absent(NULL);
}

static const char *copied(const char *text)
{
    cJSON *whole = parsed(text);
    const char *found = compose_config_copied(whole, json_at(whole, "services.db"));
    static char name[16];
    text_copy(name, sizeof name, found ? found : "");
    cJSON_Delete(whole);
    return name;
}

static void test_copied(void **state)
{
    (void)state;
    assert_string_equal(
        copied("{\"secrets\":{\"a\":{\"file\":\"/a\"},\"b\":{\"environment\":\"B\"}},"
               "\"services\":{\"db\":{\"secrets\":[{\"source\":\"a\"}]}}}"),
        "");
    assert_string_equal(
        copied("{\"secrets\":{\"a\":{\"file\":\"/a\"},\"b\":{\"environment\":\"B\"}},"
               "\"services\":{\"db\":{\"secrets\":[{\"source\":\"a\"},{\"source\":"
               "\"b\"}]}}}"),
        "b");
    assert_string_equal(copied("{\"configs\":{\"c\":{\"content\":\"x\"}},"
                               "\"services\":{\"db\":{\"configs\":[{\"source\":\"c\"}]}}}"),
                        "c");
    assert_string_equal(copied("{\"services\":{\"db\":{\"configs\":[{\"source\":\"c\"},{}]}}}"),
                        "");
}

/* ---- differences ---- */

static const char *difference(const char *left, const char *right)
{
    static char path[64];
    struct text text = {0};
    cJSON *one = parsed(left), *other = parsed(right);
    bool differ = json_differs(one, other, &text);
    snprintf(path, sizeof path, "%s%s", differ ? "!" : "", text_string(&text));
    text_free(&text);
    cJSON_Delete(one);
    cJSON_Delete(other);
    return path;
}

static void test_differs(void **state)
{
    (void)state;
    assert_string_equal(difference("{\"a\":{\"b\":1},\"c\":2}", "{\"c\":2,\"a\":{\"b\":1}}"), "");
    assert_string_equal(difference("{\"a\":{\"b\":1}}", "{\"a\":{\"b\":2}}"), "!a.b");
    assert_string_equal(difference("{\"a\":{\"b\":1}}", "{\"a\":{}}"), "!a.b");
    assert_string_equal(difference("{\"a\":1}", "{\"a\":1,\"z\":null}"), "!z");
    assert_string_equal(difference("{\"a\":1,\"b\":[1,2]}", "{\"a\":1,\"b\":[2,1]}"), "!b");
    assert_string_equal(difference("1", "2"), "!");
}

/* ---- a container as the blueprint says ---- */

static const char settings[] = "{\"Image\":\"pg:17\",\"Env\":[\"A=1\",\"B=2\"],\"Cmd\":["
                               "\"postgres\",\"-c\"],\"Domainname\":\"\","
                               "\"Labels\":{\"com.docker.compose.project\":\"shop\",\"x\":\"y\"}}";
static const char host[] =
    "{\"NetworkMode\":\"shop_default\",\"Mounts\":[{\"Source\":\"a\"},{\"Source\":\"b\"}],"
    "\"Binds\":null,\"RestartPolicy\":{\"Name\":\"always\"}}";

/* The path of what differs in a container with these settings, "" when nothing does. */
static const char *against(const char *found_settings, const char *found_host)
{
    static char path[64];
    struct text text = {0};
    struct blueprint blueprint = {.settings = parsed(settings), .host = parsed(host)};
    struct docker_container container = {.exists = true, .id = xstrdup(ID)};
    container.inspect = cJSON_CreateObject();
    cJSON_AddItemToObject(container.inspect, "Config", parsed(found_settings));
    cJSON_AddItemToObject(container.inspect, "HostConfig", parsed(found_host));
    bool is = blueprint_is(&blueprint, &container, &text);
    snprintf(path, sizeof path, "%s%s", is ? "" : "!", text_string(&text));
    text_free(&text);
    blueprint_free(&blueprint);
    docker_container_free(&container);
    return path;
}

static void test_is(void **state)
{
    (void)state;
    assert_string_equal(against(settings, host), "");
    /* Its own host name, another order, nothing written otherwise. */
    assert_string_equal(
        against(
            "{\"Hostname\":\"0123456789ab\",\"Image\":\"pg:17\",\"Env\":[\"B=2\",\"A=1\"],"
            "\"Cmd\":[\"postgres\",\"-c\"],\"OnBuild\":null,\"Volumes\":{},"
            "\"Labels\":{\"x\":\"y\",\"com.docker.compose.project\":\"shop\"}}",
            "{\"NetworkMode\":\"shop_default\",\"Mounts\":[{\"Source\":\"b\"},{\"Source\":\"a\"}],"
            "\"Binds\":[],\"RestartPolicy\":{\"Name\":\"always\"}}"),
        "");
    assert_string_equal(
        against("{\"Hostname\":\"db\",\"Image\":\"pg:17\",\"Env\":[\"A=1\",\"B=2\"],"
                "\"Cmd\":[\"postgres\",\"-c\"],\"Labels\":{"
                "\"com.docker.compose.project\":\"shop\",\"x\":\"y\"}}",
                host),
        "!Hostname");
    assert_string_equal(against("{\"Image\":\"pg:17\",\"Env\":[\"A=1\",\"B=3\"],"
                                "\"Cmd\":[\"postgres\",\"-c\"],\"Labels\":{"
                                "\"com.docker.compose.project\":\"shop\",\"x\":\"y\"}}",
                                host),
                        "!Env");
    assert_string_equal(against("{\"Image\":\"pg:17\",\"Env\":[\"A=1\",\"B=2\"],"
                                "\"Cmd\":[\"-c\",\"postgres\"],\"Labels\":{"
                                "\"com.docker.compose.project\":\"shop\",\"x\":\"y\"}}",
                                host),
                        "!Cmd");
    assert_string_equal(against(settings,
                                "{\"NetworkMode\":\"shop_default\",\"Mounts\":[{\"Source\":"
                                "\"a\"},{\"Source\":\"c\"}],\"RestartPolicy\":{\"Name\":"
                                "\"always\"}}"),
                        "!Mounts");
    assert_string_equal(against(settings,
                                "{\"NetworkMode\":\"shop_default\",\"Mounts\":[{\"Source\":"
                                "\"a\"},{\"Source\":\"b\"}],\"RestartPolicy\":{\"Name\":"
                                "\"no\"}}"),
                        "!RestartPolicy.Name");
}

static void test_body(void **state)
{
    (void)state;
    struct blueprint blueprint = {
        .settings = parsed(settings),
        .host = parsed(host),
        .networks = parsed("{\"shop_back\":{\"Aliases\":[\"db\"]},\"shop_default\":{}}")};
    cJSON *body = blueprint_body(&blueprint);
    assert_string_equal(json_text(body, "Image"), "pg:17");
    assert_string_equal(json_text_at(body, "HostConfig.NetworkMode"), "shop_default");
    const cJSON *endpoints = json_at(body, "NetworkingConfig.EndpointsConfig");
    assert_int_equal(cJSON_GetArraySize(endpoints), 1);
    assert_string_equal(endpoints->child->string, "shop_back");
    cJSON_Delete(body);
    blueprint_free(&blueprint);
}

/* ---- whose it is ---- */

static bool own(const struct step_run *run, const char *name, const char *id, const char *status)
{
    struct docker_container container = {
        .exists = true, .id = xstrdup(id), .name = xstrdup(name), .state = xstrdup(status)};
    struct error error = ERROR_INIT;
    bool is = false;
    assert_true(parked_is_own(run, &container, &is, &error));
    docker_container_free(&container);
    return is;
}

static void test_parked(void **state)
{
    (void)state;
    char directory[] = "/tmp/pgrunbook-parked.XXXXXX";
    assert_non_null(mkdtemp(directory));
    struct step_run run = {.directory = directory};
    struct error error = ERROR_INIT;
    assert_false(own(&run, "db", ID, "running"));

    /* The program died before it knew the id: only one that was never started can be its own. */
    assert_true(parked_write(&run, "db", NULL, &error));
    assert_true(own(&run, "db", ID, "created"));
    assert_false(own(&run, "db", ID, "running"));
    assert_false(own(&run, "other", ID, "created"));
    assert_true(parked_write(&run, "db", ID, &error));
    assert_true(own(&run, "db", ID, "running"));
    assert_false(own(&run, "db", "fedc", "created"));

    assert_false(parked_write(&run, "../db", ID, &error));
    assert_non_null(strstr(error.message, "no name for a container"));
    assert_false(parked_write(&run, "", ID, &error));
    char *path = file_join(directory, "parked-db.json");
    assert_int_equal(unlink(path), 0);
    free(path);
    assert_int_equal(rmdir(directory), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alone),   cmocka_unit_test(test_alone_small),
        cmocka_unit_test(test_absent),  cmocka_unit_test(test_copied),
        cmocka_unit_test(test_differs), cmocka_unit_test(test_is),
        cmocka_unit_test(test_body),    cmocka_unit_test(test_parked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
