/* test_compose_edit.c: the edit in place of compose files, byte for byte. */
#include "compose/edit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DATA "/var/lib/postgresql/data"

static struct compose_change change_of(const char *replaced)
{
    return (struct compose_change){
        .service = "postgres",
        .image = "pgvector/pgvector:pg17",
        .target = DATA,
        .volume = "limor-pg17-data",
        .replaced_key = replaced,
    };
}

static void edits(const char *before, const char *replaced, const char *after)
{
    struct compose_change change = change_of(replaced);
    struct error error = ERROR_INIT;
    struct text result = {0}, again = {0};
    bool done = compose_edit("f.yml", before, strlen(before), &change, &result, &error);
    if (!done)
        print_message("%s\n", error.message);
    assert_true(done);
    assert_string_equal(text_string(&result), after);
    /* Doing it again changes nothing. */
    assert_true(
        compose_edit("f.yml", text_string(&result), result.length, &change, &again, &error));
    assert_string_equal(text_string(&again), after);
    text_free(&result);
    text_free(&again);
}

static void refuses(const char *before, const char *message)
{
    struct compose_change change = change_of("postgres_data");
    struct error error = ERROR_INIT;
    struct text result = {0};
    assert_false(compose_edit("f.yml", before, strlen(before), &change, &result, &error));
    if (!strstr(error.message, message))
        print_message("expected %s in: %s\n", message, error.message);
    assert_non_null(strstr(error.message, message));
    assert_int_equal(result.length, 0);
    text_free(&result);
}

static void the_documents_example(void **state)
{
    (void)state;
    edits("services:\n"
          "  postgres:\n"
          "    image: pgvector/pgvector:pg15\n"
          "    container_name: limor-postgres\n"
          "    volumes:\n"
          "      - postgres_data:" DATA "\n"
          "\n"
          "volumes:\n"
          "  postgres_data:\n",
          "postgres_data",
          "services:\n"
          "  postgres:\n"
          "    image: pgvector/pgvector:pg17\n"
          "    container_name: limor-postgres\n"
          "    volumes:\n"
          "      - limor-pg17-data:" DATA "\n"
          "\n"
          "volumes:\n"
          "  limor-pg17-data:\n"
          "    external: true\n");
}

static void comments_and_quotes_stay(void **state)
{
    (void)state;
    edits("# the stack\n"
          "services:\n"
          "    postgres:   # the server\n"
          "        image:   \"pgvector/pgvector:pg15\"  # with vectors\n"
          "        volumes:\n"
          "        - 'postgres_data:" DATA ":rw'   # data\n"
          "        - ./init:/docker-entrypoint-initdb.d\n"
          "    redis: {image: 'redis:7-alpine'}\n"
          "volumes:  # all of them\n"
          "    # the server's\n"
          "    postgres_data:   # keep!\n"
          "    redis_data: {}\n",
          "postgres_data",
          "# the stack\n"
          "services:\n"
          "    postgres:   # the server\n"
          "        image:   \"pgvector/pgvector:pg17\"  # with vectors\n"
          "        volumes:\n"
          "        - 'limor-pg17-data:" DATA ":rw'   # data\n"
          "        - ./init:/docker-entrypoint-initdb.d\n"
          "    redis: {image: 'redis:7-alpine'}\n"
          "volumes:  # all of them\n"
          "    # the server's\n"
          "    limor-pg17-data:   # keep!\n"
          "        external: true\n"
          "    redis_data: {}\n");
}

static void line_ends_of_windows(void **state)
{
    (void)state;
    edits("services:\r\n  postgres:\r\n    image: a:15\r\n    volumes:\r\n"
          "      - postgres_data:" DATA "\r\nvolumes:\r\n  postgres_data:\r\n",
          "postgres_data",
          "services:\r\n  postgres:\r\n    image: pgvector/pgvector:pg17\r\n    volumes:\r\n"
          "      - limor-pg17-data:" DATA "\r\nvolumes:\r\n  limor-pg17-data:\r\n"
          "    external: true\r\n");
}

static void no_last_line_end(void **state)
{
    (void)state;
    edits("services:\n  postgres:\n    image: a:15\n    volumes:\n"
          "      - postgres_data:" DATA "\nvolumes:\n  postgres_data:",
          "postgres_data",
          "services:\n  postgres:\n    image: pgvector/pgvector:pg17\n    volumes:\n"
          "      - limor-pg17-data:" DATA "\nvolumes:\n  limor-pg17-data:\n"
          "    external: true");
    edits("services:\n  postgres:\n    image: a:15\n    volumes:\n"
          "      - ./data:" DATA,
          NULL,
          "services:\n  postgres:\n    image: pgvector/pgvector:pg17\n    volumes:\n"
          "      - limor-pg17-data:" DATA "\n\nvolumes:\n  limor-pg17-data:\n"
          "    external: true");
}

static void a_shared_volume_keeps_its_declaration(void **state)
{
    (void)state;
    edits("services:\n  postgres:\n    image: a:15\n    volumes: [postgres_data:" DATA "]\n"
          "volumes:\n  postgres_data:\n",
          NULL,
          "services:\n  postgres:\n    image: pgvector/pgvector:pg17\n"
          "    volumes: [limor-pg17-data:" DATA "]\n"
          "volumes:\n  limor-pg17-data:\n    external: true\n  postgres_data:\n");
}

static void a_declaration_with_options_stays(void **state)
{
    (void)state;
    edits("services:\n  postgres:\n    image: a:15\n    volumes:\n      - postgres_data:" DATA "\n"
          "volumes:\n   postgres_data:\n      name: the_data # real name\n",
          "postgres_data",
          "services:\n  postgres:\n    image: pgvector/pgvector:pg17\n    volumes:\n"
          "      - limor-pg17-data:" DATA "\n"
          "volumes:\n   limor-pg17-data:\n      external: true\n"
          "   postgres_data:\n      name: the_data # real name\n");
}

static void volumes_in_braces(void **state)
{
    (void)state;
    edits("services:\n  postgres:\n    image: a:15\n    volumes:\n      - postgres_data:" DATA "\n"
          "volumes: { postgres_data: {} }\n",
          "postgres_data",
          "services:\n  postgres:\n    image: pgvector/pgvector:pg17\n    volumes:\n"
          "      - limor-pg17-data:" DATA "\n"
          "volumes: {limor-pg17-data: {external: true},  postgres_data: {} }\n");
    edits("{\"services\": {\"postgres\": {\"image\": \"a:15\",\n"
          "  \"volumes\": [\"postgres_data:" DATA
          "\"]}},\n \"volumes\": {\"postgres_data\": {}}}\n",
          "postgres_data",
          "{\"services\": {\"postgres\": {\"image\": \"pgvector/pgvector:pg17\",\n"
          "  \"volumes\": [\"limor-pg17-data:" DATA "\"]}},\n"
          " \"volumes\": {\"limor-pg17-data\": {\"external\": true}, \"postgres_data\": {}}}\n");
}

static void empty_or_missing_volumes(void **state)
{
    (void)state;
    edits("services:\n  postgres:\n    image: a:15\n    volumes:\n      - ./data:" DATA "/\n"
          "volumes:   # none yet\n",
          NULL,
          "services:\n  postgres:\n    image: pgvector/pgvector:pg17\n    volumes:\n"
          "      - limor-pg17-data:" DATA "/\n"
          "volumes:   # none yet\n  limor-pg17-data:\n    external: true\n");
}

static void long_form(void **state)
{
    (void)state;
    edits("services:\n  postgres:\n    image: a:15\n    volumes:\n"
          "      - type: volume\n        source: postgres_data # here\n        target: " DATA "\n"
          "        volume: {nocopy: true}\n"
          "volumes:\n  postgres_data:\n",
          "postgres_data",
          "services:\n  postgres:\n    image: pgvector/pgvector:pg17\n    volumes:\n"
          "      - type: volume\n        source: limor-pg17-data # here\n        target: " DATA "\n"
          "        volume: {nocopy: true}\n"
          "volumes:\n  limor-pg17-data:\n    external: true\n");
    edits("services:\n  postgres:\n    image: a:15\n    volumes:\n"
          "      - {type: bind, source: ./data, target: " DATA "}\nvolumes:\n  x:\n",
          NULL,
          "services:\n  postgres:\n    image: pgvector/pgvector:pg17\n    volumes:\n"
          "      - {type: volume, source: limor-pg17-data, target: " DATA "}\n"
          "volumes:\n  limor-pg17-data:\n    external: true\n  x:\n");
}

static void an_unused_anchor_is_no_obstacle(void **state)
{
    (void)state;
    edits("services:\n  postgres:\n    image: &image a:15\n    volumes:\n"
          "      - postgres_data:" DATA "\nvolumes:\n  postgres_data:\n",
          "postgres_data",
          "services:\n  postgres:\n    image: &image pgvector/pgvector:pg17\n    volumes:\n"
          "      - limor-pg17-data:" DATA "\nvolumes:\n  limor-pg17-data:\n    external: true\n");
}

static void mark_of_byte_order_and_umlauts(void **state)
{
    (void)state;
    edits("\xEF\xBB\xBF# Gr\xC3\xBC\xC3\x9F"
          "e\nservices:\n  postgres:\n    labels: {ort: \"M\xC3\xBCnchen\"}\n    image: a:15\n"
          "    volumes:\n      - postgres_data:" DATA "\nvolumes:\n  postgres_data:\n",
          "postgres_data",
          "\xEF\xBB\xBF# Gr\xC3\xBC\xC3\x9F"
          "e\nservices:\n  postgres:\n    labels: {ort: \"M\xC3\xBCnchen\"}\n"
          "    image: pgvector/pgvector:pg17\n"
          "    volumes:\n      - limor-pg17-data:" DATA "\n"
          "volumes:\n  limor-pg17-data:\n    external: true\n");
}

#define MOUNT "    volumes: [postgres_data:" DATA "]\n"

static void what_stands_elsewhere_is_refused(void **state)
{
    (void)state;
    refuses("services:\n  postgres:\n    image: ${PG_IMAGE:-a:15}\n" MOUNT, "environment variable");
    refuses("x: &i a:15\nservices:\n  postgres:\n    image: *i\n" MOUNT, "anchor");
    refuses("services:\n  postgres:\n    image: &i a:15\n" MOUNT "  two:\n    image: *i\n",
            "other places");
    refuses("x: &p {image: a:15}\nservices:\n  postgres:\n    <<: *p\n" MOUNT,
            "no image: of its own");
    refuses("services:\n  postgres:\n    extends: {service: base}\n" MOUNT, "no image: of its own");
    refuses("services:\n  postgres:\n    build: .\n    image: a:15\n" MOUNT, "is built");
    refuses("services:\n  postgres:\n    image: >-\n      a:15\n" MOUNT, "block of text");
    refuses("services:\n  postgres:\n    image: \"a\\x3a15\"\n" MOUNT, "escapes");
    refuses("services:\n  postgres:\n    image:\n" MOUNT, "no value");
    refuses("x: &p {image: a:15}\nservices:\n  postgres: *p\n", "anchor");
}

static void mounts_that_cannot_be_edited(void **state)
{
    (void)state;
    refuses("services:\n  postgres:\n    image: a:15\n", "no volumes: of its own");
    refuses("services:\n  postgres:\n    image: a:15\n    volumes: [a:/other]\n", "none of the");
    refuses("services:\n  postgres:\n    image: a:15\n    volumes: [" DATA "]\n", "anonymous");
    refuses("services:\n  postgres:\n    image: a:15\n    volumes: [\"${D}:" DATA "\"]\n",
            "environment variable");
    refuses("services:\n  postgres:\n    image: a:15\n    volumes: [a:" DATA ", b:" DATA "/]\n",
            "two lines");
    refuses(
        "services:\n  postgres:\n    image: a:15\n    volumes:\n      - {type: tmpfs, source: x, "
        "target: " DATA "}\n",
        "no volume there");
    refuses("services:\n  postgres:\n    image: a:15\n" MOUNT
            "volumes:\n  limor-pg17-data:\n  postgres_data:\n",
            "isn't this external volume");
    refuses("x: &v {a: {}}\nservices:\n  postgres:\n    image: a:15\n" MOUNT "volumes: *v\n",
            "anchor");
}

static void what_is_no_compose_file(void **state)
{
    (void)state;
    refuses("", "no compose file");
    refuses("- a\n", "no compose file");
    refuses("services: [\n", "f.yml:");
    refuses("services:\n  postgres: {image: a\n", "f.yml:");
    refuses("services:\n  postgrse:\n    image: a:15\n", "has no service postgres");
    refuses("volumes:\n  a:\n", "has no service postgres");
    refuses("%\xDA%", "f.yml:1: this byte is no UTF-8"); /* libfyaml 0.7.12 hangs on it */
    refuses("services:\n  postgres:\n    image: \"a\x01\"\n",
            "f.yml:3: the control character 0x01");
    refuses("services:\n ? po  - {types:\t ? po {type: i\n",
            "f.yml:2: in a file that has a key written with '?', no tab");
}

static void finds_where_things_stand(void **state)
{
    (void)state;
    static const char both[] = "services:\n  postgres:\n    image: a\n    volumes: [v:" DATA "]\n";
    static const char image[] = "services:\n  postgres:\n    image: a\n";
    struct compose_places places;
    struct error error = ERROR_INIT;
    assert_true(compose_find("f", both, sizeof both - 1, "postgres", DATA, &places, &error));
    assert_true(places.service && places.image && places.mount);
    assert_true(compose_find("f", image, sizeof image - 1, "postgres", DATA, &places, &error));
    assert_true(places.service && places.image && !places.mount);
    assert_true(compose_find("f", image, sizeof image - 1, "redis", DATA, &places, &error));
    assert_true(!places.service && !places.image && !places.mount);
    assert_false(compose_find("f", "a: [", 4, "redis", DATA, &places, &error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_documents_example),
        cmocka_unit_test(comments_and_quotes_stay),
        cmocka_unit_test(line_ends_of_windows),
        cmocka_unit_test(no_last_line_end),
        cmocka_unit_test(a_shared_volume_keeps_its_declaration),
        cmocka_unit_test(a_declaration_with_options_stays),
        cmocka_unit_test(volumes_in_braces),
        cmocka_unit_test(empty_or_missing_volumes),
        cmocka_unit_test(long_form),
        cmocka_unit_test(an_unused_anchor_is_no_obstacle),
        cmocka_unit_test(mark_of_byte_order_and_umlauts),
        cmocka_unit_test(what_stands_elsewhere_is_refused),
        cmocka_unit_test(mounts_that_cannot_be_edited),
        cmocka_unit_test(what_is_no_compose_file),
        cmocka_unit_test(finds_where_things_stand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
