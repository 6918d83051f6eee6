/* test_dump.c: a whole dump, and every way of being cut off. */
#include "postgres/dump.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RULE "--\n"
#define GLOBALS                                                                                    \
    RULE "-- PostgreSQL database cluster dump\n" RULE "\n\\restrict abc\nCREATE ROLE "             \
         "postgres;\n\n"
#define CLUSTER_END RULE "-- PostgreSQL database cluster dump complete\n" RULE "\n"
#define DATABASE(name, body)                                                                       \
    RULE "-- Database \"" name "\" dump\n" RULE "\n" RULE "-- PostgreSQL database dump\n" RULE     \
         "\n" body "\n" RULE "-- PostgreSQL database dump complete\n" RULE                         \
         "\n\\unrestrict abc\n\n"
#define TABLE                                                                                      \
    RULE "-- Data for Name: orders; Type: TABLE DATA; Schema: shop; Owner: app\n" RULE "\n"        \
         "COPY shop.orders (id, note) FROM stdin;\n"                                               \
         "1\tone\n--\t\n-- PostgreSQL database dump complete\t\n2\t\\\\.\n\\.\n\n"
#define FUNCTION                                                                                   \
    RULE "-- Name: f(); Type: FUNCTION; Schema: shop; Owner: app\n" RULE "\n"                      \
         "CREATE FUNCTION f() AS $$\nCOPY shop.orders FROM stdin;\n$$;\n"

static const char ours[] = GLOBALS CLUSTER_END DATABASE("postgres", "") DATABASE(
    "limor \"prod\"", TABLE FUNCTION TABLE) "\n-- pgrunbook backup complete, databases: 2\n";
static const char theirs[] = GLOBALS DATABASE("postgres", "") DATABASE("limor", TABLE) CLUSTER_END;
static const char single[] = RULE "-- PostgreSQL database dump\n" RULE "\n" TABLE RULE
                                  "-- PostgreSQL database dump complete\n" RULE "\n";

#define CREATED(connect)                                                                           \
    RULE "-- PostgreSQL database dump\n" RULE "\nCREATE DATABASE x;\n\\connect " connect           \
         "\n\n" TABLE RULE "-- PostgreSQL database dump complete\n" RULE "\n"

static struct dump_scan *scan_pieces(const char *bytes, size_t length, size_t piece)
{
    struct dump_scan *scan = dump_scan_new();
    for (size_t at = 0; at < length; at += piece)
        dump_scan_feed(scan, bytes + at, length - at < piece ? length - at : piece);
    return scan;
}

static bool is_whole(const char *bytes, size_t length, struct error *error)
{
    struct dump_scan *scan = scan_pieces(bytes, length, 4096);
    bool whole = dump_is_whole(dump_scan_summary(scan), "backup.sql", error);
    dump_scan_free(scan);
    return whole;
}

static void assert_broken(const char *bytes, size_t length, const char *words)
{
    struct error error = ERROR_INIT;
    assert_false(is_whole(bytes, length, &error));
    if (!strstr(error.message, words))
        fail_msg("\"%s\" has no \"%s\"", error.message, words);
    assert_non_null(strstr(error.remedy, "df -h"));
}

static void whole(void **state)
{
    (void)state;
    struct error error = ERROR_INIT;
    assert_true(is_whole(ours, strlen(ours), &error));
    assert_true(is_whole(theirs, strlen(theirs), &error));
    static const char saved[] =
        DATABASE("limor", TABLE) "-- pgrunbook backup complete, databases: 1\n";
    assert_true(is_whole(saved, strlen(saved), &error));
    assert_true(is_whole(single, strlen(single), &error));
}

static void contents_in_pieces(void **state)
{
    (void)state;
    for (size_t piece = 1; piece < 40; piece++) {
        struct dump_scan *scan = scan_pieces(ours, strlen(ours), piece);
        const struct dump_summary *summary = dump_scan_summary(scan);
        assert_int_equal(summary->count, 2);
        assert_string_equal(summary->databases[0].name, "postgres");
        assert_string_equal(summary->databases[1].name, "limor \"prod\"");
        assert_int_equal(summary->databases[0].tables, 0);
        assert_int_equal(summary->databases[1].tables, 2);
        assert_int_equal(summary->databases[1].rows, 8);
        assert_int_equal(summary->end_mark, 2);
        assert_int_equal(summary->bytes, strlen(ours));
        dump_scan_free(scan);
    }
}

/* Only what stands behind the last mark may be missing. */
static void cut_anywhere(void **state)
{
    (void)state;
    struct error error = ERROR_INIT;
    for (size_t length = 0; length < strlen(ours); length++)
        assert_false(is_whole(ours, length, &error));
    size_t mark = (size_t)(strstr(theirs, "cluster dump complete\n") - theirs);
    mark += strlen("cluster dump complete\n");
    for (size_t length = 0; length < mark; length++)
        assert_false(is_whole(theirs, length, &error));
}

static void says_what_is_missing(void **state)
{
    (void)state;
    assert_broken("", 0, "empty");
    size_t rows = (size_t)(strstr(ours, "2\t\\\\.") - ours);
    assert_broken(ours, rows, "rows of a table");
    assert_broken(ours, rows + 1, "rows of a table");
    assert_broken(theirs, strlen(GLOBALS) + 5, "line");
    assert_broken(GLOBALS, strlen(GLOBALS), "no database");
    assert_broken(theirs, strlen(theirs) - strlen(CLUSTER_END), "mark of its end");
    const char *last = strstr(ours, "\n-- pgrunbook backup");
    assert_broken(ours, (size_t)(last - ours), "mark of its end");
    static const char half_roles[] =
        GLOBALS DATABASE("a", "") "-- pgrunbook backup complete, databases: 1\n";
    assert_broken(half_roles, strlen(half_roles), "roles have no mark");
    static const char wrong[] =
        GLOBALS CLUSTER_END DATABASE("a", "") "-- pgrunbook backup complete, databases: 2\n";
    assert_broken(wrong, strlen(wrong), "other databases");
}

/* The beginning of another dump, or garbage, behind a whole one. */
static void followed(void **state)
{
    (void)state;
    struct text text = {0};
    text_add(&text, theirs);
    for (int i = 0; i < 100; i++)
        text_add(&text, "SELECT 1;\n");
    assert_broken(text_string(&text), text.length, "follows");
    text_free(&text);
}

static void long_lines(void **state)
{
    (void)state;
    struct text text = {0};
    struct error error = ERROR_INIT;
    text_add(&text, RULE "-- PostgreSQL database dump\n" RULE
                         "-- Data for Name: w; Type: TABLE DATA; Schema: s; Owner: o\n"
                         "COPY s.w (");
    for (int i = 0; i < 1600; i++)
        text_printf(&text, "%scolumn_with_a_name_as_long_as_a_name_may_be_in_postgres_%06d",
                    i ? ", " : "", i);
    text_add(&text, ") FROM stdin;\n");
    for (int i = 0; i < 300000; i++)
        text_add(&text, "0123456789");
    text_add(&text, "\n\\.\n" RULE "-- PostgreSQL database dump complete\n" RULE);
    struct dump_scan *scan = scan_pieces(text_string(&text), text.length, 1000);
    const struct dump_summary *summary = dump_scan_summary(scan);
    assert_true(dump_is_whole(summary, "x", &error));
    assert_int_equal(summary->databases[0].tables, 1);
    assert_int_equal(summary->databases[0].rows, 1);
    dump_scan_free(scan);
    text_free(&text);
}

static void nul_bytes_and_noise(void **state)
{
    (void)state;
    struct error error = ERROR_INIT;
    char noise[5000];
    unsigned value = 1;
    for (size_t i = 0; i < sizeof noise; i++) {
        value = value * 1103515245u + 12345u;
        noise[i] = (char)(value >> 16);
    }
    assert_false(is_whole(noise, sizeof noise, &error));
    assert_false(is_whole("\0\n\0\n", 4, &error));
}

static void assert_named(const char *dump, const char *name)
{
    struct error error = ERROR_INIT;
    struct dump_scan *scan = scan_pieces(dump, strlen(dump), 3);
    const struct dump_summary *summary = dump_scan_summary(scan);
    assert_true(dump_is_whole(summary, "backup.sql", &error));
    assert_int_equal(summary->count, 1);
    assert_string_equal(summary->databases[0].name, name);
    assert_int_equal(summary->databases[0].rows, 4);
    dump_scan_free(scan);
}

static void named_by_connect(void **state)
{
    (void)state;
    assert_named(CREATED("limor_prod"), "limor_prod");
    assert_named(CREATED("\"Limor\""), "Limor");
    assert_named(CREATED("-reuse-previous=on \"dbname='limor-prod'\""), "limor-prod");
    assert_named(CREATED("-reuse-previous=on \"dbname='a \\'b\\' \\\\ \"\"c\"\"'\""),
                 "a 'b' \\ \"c\"");
    assert_named(CREATED("-reuse-previous=on \"dbname='a' host='b'\""), "");
    assert_named(CREATED("-reuse-previous=on \"dbname=''\""), "");
    assert_named(single, "");
}

static void assert_other_format(const char *head, const char *words, const char *remedy)
{
    struct error error = ERROR_INIT;
    struct dump_scan *scan = scan_pieces(head, strlen(head), 2);
    assert_false(dump_is_whole(dump_scan_summary(scan), "backup.sql", &error));
    assert_non_null(strstr(error.message, words));
    assert_non_null(strstr(error.remedy, remedy));
    dump_scan_free(scan);
}

static void other_formats(void **state)
{
    (void)state;
    assert_other_format("PGDMP\x01\x0e", "custom format", "pg_restore --create");
    assert_other_format("toc.dat", "tar format", "pg_restore --create");
    assert_other_format("\x1f\x8b\x08", "gzip", "gunzip");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole),
        cmocka_unit_test(contents_in_pieces),
        cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(says_what_is_missing),
        cmocka_unit_test(followed),
        cmocka_unit_test(long_lines),
        cmocka_unit_test(nul_bytes_and_noise),
        cmocka_unit_test(named_by_connect),
        cmocka_unit_test(other_formats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
