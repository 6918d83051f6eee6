/* test_compose_service.c: whole services added to compose files and taken out, byte for byte. */
#include "compose/edit_service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DATA "/var/lib/postgresql/data"

static const struct compose_addition addition = {.service = "db17",
                                                 .like = "db",
                                                 .image = "postgres:17",
                                                 .target = DATA,
                                                 .volume = "db17_data",
                                                 .container = "shop-db17"};

static void expect(bool done, const struct text *result, const char *after,
                   const struct error *error)
{
    if (!done)
        print_message("%s\n", error->message);
    assert_true(done);
    assert_string_equal(text_string(result), after);
}

static void adds(const char *before, const char *after)
{
    struct error error = ERROR_INIT;
    struct text result = {0};
    expect(compose_add_service("f.yml", before, strlen(before), &addition, &result, &error),
           &result, after, &error);
    text_free(&result);
}

static void refuses(const char *before, const char *why)
{
    struct error error = ERROR_INIT;
    struct text result = {0};
    assert_false(compose_add_service("f.yml", before, strlen(before), &addition, &result, &error));
    if (!strstr(error.message, why))
        print_message("expected %s in: %s\n", why, error.message);
    assert_non_null(strstr(error.message, why));
    assert_int_equal(result.length, 0);
    text_free(&result);
}

static void a_service_is_copied_with_its_comments_and_without_its_ports(void **state)
{
    (void)state;
    adds("services:\n"
         "  # the data\n"
         "  db:   # 15\n"
         "    image: \"postgres:15\"  # soon 17\n"
         "    container_name: shop-db\n"
         "    ports:\n"
         "    - \"5432:5432\"\n"
         "    # kept\n"
         "    volumes: [ \"db_data:" DATA "\" ]\n"
         "\n"
         "  # the shop\n"
         "  app:\n"
         "    image: app\n"
         "volumes:\n"
         "  db_data:\n",
         "services:\n"
         "  # the data\n"
         "  db:   # 15\n"
         "    image: \"postgres:15\"  # soon 17\n"
         "    container_name: shop-db\n"
         "    ports:\n"
         "    - \"5432:5432\"\n"
         "    # kept\n"
         "    volumes: [ \"db_data:" DATA "\" ]\n"
         "\n"
         "  db17:   # 15\n"
         "    image: \"postgres:17\"  # soon 17\n"
         "    container_name: shop-db17\n"
         "    # kept\n"
         "    volumes: [ \"db17_data:" DATA "\" ]\n"
         "\n"
         "  # the shop\n"
         "  app:\n"
         "    image: app\n"
         "volumes:\n"
         "  db17_data:\n"
         "    external: true\n"
         "  db_data:\n");
}

static void line_ends_and_a_missing_last_one_stay(void **state)
{
    (void)state;
    adds(
        "volumes:\r\n  db_data:\r\nservices:\r\n  db:\r\n    image: postgres:15\r\n    volumes:\r\n"
        "      - db_data:" DATA,
        "volumes:\r\n  db17_data:\r\n    external: true\r\n  db_data:\r\nservices:\r\n  db:\r\n"
        "    image: postgres:15\r\n    volumes:\r\n      - db_data:" DATA
        "\r\n  db17:\r\n    image: postgres:17\r\n    volumes:\r\n      - db17_data:" DATA);
}

static void scripts_for_the_first_start_are_left_out(void **state)
{
    (void)state;
    static const char before[] = "services:\n  db:\n    image: postgres:15\n    volumes:\n"
                                 "      - ./init:/docker-entrypoint-initdb.d:ro  # once\n"
                                 "      - db_data:" DATA "\n"
                                 "      - type: bind\n        source: ./a.sql\n"
                                 "        # read once\n"
                                 "        target: /docker-entrypoint-initdb.d/a.sql\n"
                                 "      - './b:/docker-entrypoint-initdb.data'\n";
    static const char added[] = "  db17:\n    image: postgres:17\n    volumes:\n"
                                "      - db17_data:" DATA "\n"
                                "      - './b:/docker-entrypoint-initdb.data'\n"
                                "\nvolumes:\n  db17_data:\n    external: true\n";
    struct text after = {0};
    text_printf(&after, "%s%s", before, added);
    adds(before, text_string(&after));
    text_free(&after);
    refuses("services:\n  db:\n    image: postgres:15\n"
            "    volumes: [\"v:" DATA "\", \"./i:/docker-entrypoint-initdb.d\"]\n",
            "lines of its own");
}

static void what_two_can_not_have_is_refused(void **state)
{
    (void)state;
    refuses("services:\n  app: {image: a}\n", "no service db");
    refuses("services:\n  db: {image: \"postgres:15\", volumes: [\"v:" DATA "\"]}\n", "braces");
    refuses("services:\n  db:\n    image: postgres:15\n    network_mode: host\n", "network_mode");
    refuses("services:\n  db:\n    image: postgres:15\n    networks: {n: {aliases: [data]}}\n",
            "aliases");
    refuses("services:\n  db:\n    image: postgres:15\n    labels: &l {a: b}\n", "anchor");
    refuses("services:\n  db:\n    build: .\n    volumes: [\"v:" DATA "\"]\n", "build");
    refuses("services:\n  db:\n    image: ${IMAGE}\n    volumes: [\"v:" DATA "\"]\n",
            "environment variable");
}

static void removes(const char *before, const char *volume, const char *after)
{
    struct error error = ERROR_INIT;
    struct text result = {0};
    expect(compose_remove_service("f.yml", before, strlen(before), "db", volume, &result, &error),
           &result, after, &error);
    text_free(&result);
}

static void a_service_goes_with_its_volume(void **state)
{
    (void)state;
    removes(
        "services:\n  db:\n    image: postgres:15\n    # its\n\n  db17:\n    image: postgres:17\n"
        "volumes:\n  db_data:\n    labels: {a: b}\n  db17_data:\n",
        "db_data", "services:\n\n  db17:\n    image: postgres:17\nvolumes:\n  db17_data:\n");
    removes("services:\n  a:\n    image: a\n\n  db:\n    image: postgres:15\n\n  # of b\n  b:\n"
            "    image: b\n",
            NULL, "services:\n  a:\n    image: a\n\n  # of b\n  b:\n    image: b\n");
}

static void depends(const char *before, const char *after)
{
    struct error error = ERROR_INIT;
    struct text there = {0}, back = {0};
    expect(compose_depend_on("f.yml", before, strlen(before), "db", "db17", &there, &error), &there,
           after, &error);
    expect(
        compose_depend_on("f.yml", text_string(&there), there.length, "db17", "db", &back, &error),
        &back, before, &error);
    text_free(&there);
    text_free(&back);
}

static void dependents_follow_and_come_back(void **state)
{
    (void)state;
    depends("services:\n  a:\n    depends_on: [ redis, 'db' ]  # db\n  b:\n    depends_on:\n"
            "      db:\n        condition: service_healthy\n  db: {image: a}\n",
            "services:\n  a:\n    depends_on: [ redis, 'db17' ]  # db\n  b:\n    depends_on:\n"
            "      db17:\n        condition: service_healthy\n  db: {image: a}\n");
    struct error error = ERROR_INIT;
    struct text result = {0};
    static const char both[] = "services:\n  a:\n    depends_on: [db, db17]\n";
    assert_false(compose_depend_on("f.yml", both, strlen(both), "db", "db17", &result, &error));
    assert_non_null(strstr(error.message, "both are there"));
    text_free(&result);
}

static void an_image_alone_is_changed(void **state)
{
    (void)state;
    struct error error = ERROR_INIT;
    struct text result = {0};
    static const char before[] = "services:\r\n  db:\r\n    image: 'postgres:13.5-alpine' # x\r\n";
    expect(
        compose_change_image("f.yml", before, strlen(before), "db", "postgres:17", &result, &error),
        &result, "services:\r\n  db:\r\n    image: 'postgres:17' # x\r\n", &error);
    text_free(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_service_is_copied_with_its_comments_and_without_its_ports),
        cmocka_unit_test(line_ends_and_a_missing_last_one_stay),
        cmocka_unit_test(scripts_for_the_first_start_are_left_out),
        cmocka_unit_test(what_two_can_not_have_is_refused),
        cmocka_unit_test(a_service_goes_with_its_volume),
        cmocka_unit_test(dependents_follow_and_come_back),
        cmocka_unit_test(an_image_alone_is_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
