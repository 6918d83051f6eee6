/* test_objects.c: objects of two servers: canonical definitions, differences in words, sequences
 * between two readings, what is expected, the record. */
#include "postgres/definition.h"
#include "postgres/objects_expected.h"
#include "steps/parity/objects_scope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- definitions ---- */

static void same(const char *old, const char *new)
{
    if (!definition_equal(old, new, true))
        fail_msg("not the same: %s\n%s", old, new);
}

static void different(const char *old, const char *new)
{
    if (definition_equal(old, new, true))
        fail_msg("the same: %s\n%s", old, new);
}

static void definitions_printed_otherwise(void **state)
{
    (void)state;
    same(" SELECT t.id,\n    t.status\n   FROM app.t;", " SELECT id,\n    status\n   FROM app.t;");
    same("SELECT \"T x\".\"a b\" FROM \"T x\"", "SELECT \"a b\" FROM \"T x\"");
    same("((status)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))",
         "((status)::text = ANY (ARRAY[('a'::character varying)::text, ('b'::character "
         "varying)::text]))");
    same("(ARRAY[f(1, 2), 'x,]'::bpchar])::character varying(10)[]",
         "ARRAY[(f(1, 2))::character varying(10), ('x,]'::bpchar)::character varying(10)]");
    same("CHECK ((((a >= 1) AND (b <= 5)) AND ((c = 1) OR (d = 2))))",
         "CHECK (((a >= 1) AND (b <= 5) AND ((c = 1) OR (d = 2))))");
    same("((((a > 1) AND b) AND c) AND d)", "((a > 1) AND b AND c AND d)");
    same("XMLSERIALIZE(CONTENT x AS text)", "XMLSERIALIZE(CONTENT x AS text NO INDENT)");
}

static void definitions_that_differ(void **state)
{
    (void)state;
    different("SELECT t.id FROM t", "SELECT ix FROM t");
    different("SELECT a.id FROM a JOIN b ON true", "SELECT b.id FROM a JOIN b ON true");
    different("SELECT id FROM t", "SELECT t.id FROM t");
    different("SELECT 'a  b'::text", "SELECT 'a b'::text");
    different("(ARRAY['a'::varchar])::text[]", "ARRAY['a'::varchar]");
    different("(ARRAY['a'::varchar, 'b'::varchar])::text[]", "ARRAY[('a'::varchar)::text]");
    different("(ARRAY['a'::varchar])::text[]", "ARRAY[('a'::varchar)::name]");
    different("((a AND b) OR c)", "(a AND b OR c)");
    different("(a AND (b OR c))", "((a AND b) OR c)");
    different("$x$ SELECT 1 $x$", "$x$ SELECT  1 $x$");
    different("a", "a b");
    different("(", "");
    different("''", "'''");
    different("$1 + 1", "$2 + 1");
    assert_false(definition_equal("SELECT t.id FROM t", "SELECT id FROM t", false));
    assert_true(definition_equal("SELECT  id", "SELECT id", false));
}

/* ---- sequences ---- */

static struct sequence_state at(long long value, bool used, long long increment, bool cycle)
{
    return (struct sequence_state){.last_value = value,
                                   .used = used,
                                   .increment = increment,
                                   .minimum = -100,
                                   .maximum = 100,
                                   .cycle = cycle};
}

static bool between(struct sequence_state first, struct sequence_state second,
                    struct sequence_state now)
{
    return sequence_between(&first, &second, &now);
}

static void sequences(void **state)
{
    (void)state;
    assert_true(between(at(5, true, 1, false), at(9, true, 1, false), at(5, true, 1, false)));
    assert_true(between(at(5, true, 1, false), at(9, true, 1, false), at(9, true, 1, false)));
    assert_false(between(at(5, true, 1, false), at(9, true, 1, false), at(4, true, 1, false)));
    assert_false(between(at(5, true, 1, false), at(9, true, 1, false), at(10, true, 1, false)));
    assert_false(between(at(5, true, 1, false), at(5, true, 1, false), at(5, false, 1, false)));
    assert_true(between(at(5, false, 1, false), at(6, true, 1, false), at(5, true, 1, false)));
    assert_true(between(at(9, true, -3, false), at(-3, true, -3, false), at(0, true, -3, false)));
    assert_false(between(at(9, true, -3, false), at(-3, true, -3, false), at(12, true, -3, false)));
    assert_true(between(at(6, true, 1, true), at(2, true, 1, true), at(7, true, 1, true)));
    assert_true(between(at(6, true, 1, true), at(2, true, 1, true), at(1, true, 1, true)));
    assert_false(between(at(6, true, 1, true), at(2, true, 1, true), at(4, true, 1, true)));
    assert_true(between(at(6, true, 1, false), at(2, true, 1, false), at(4, true, 1, false)));
    assert_false(between(at(6, true, 1, false), at(2, true, 1, false), at(7, true, 1, false)));
    assert_true(between(at(INT64_MAX - 1, true, 1, false), at(INT64_MAX, true, 1, false),
                        at(INT64_MAX, true, 1, false)));
}

/* ---- differences ---- */

static struct text said;
static struct objects_setting setting = {
    .old_version = 150020, .new_version = 170012, .user = "postgres"};

static void say(void *context, const struct object_difference *difference)
{
    const struct expected_difference *expected = object_expected(difference, context);
    object_name(&said, difference);
    text_add(&said, ": ");
    object_words(&said, difference);
    text_printf(&said, " [%s]\n", expected ? expected->reason : "no");
}

struct entry {
    const char *kind, *identity, *fields; /* ends with an entry of NULL */
};

static void fill(struct pg_object_list *list, const struct entry *entries)
{
    for (; entries->kind; entries++)
        assert_true(objects_add(list, entries->kind, entries->identity, entries->fields));
}

static const char *compared(const struct entry *old, const struct entry *new, bool same_server)
{
    struct pg_object_list left = {0}, right = {0};
    struct objects_comparison comparison = {same_server, true, say, &setting};
    fill(&left, old);
    fill(&right, new);
    text_consume(&said, said.length);
    objects_compare(&left, &right, &comparison);
    objects_free(&left);
    objects_free(&right);
    return text_string(&said);
}

static void differences_in_words(void **state)
{
    static const struct entry old[] = {
        {"table", "a.b", "owner=x\t"},
        {"index", "public.i", "is=valid\tdefinition=CREATE\\tINDEX\t"},
        {"role", "eve", "login=yes\t@row=17\t"},
        {"comment", "table t", ""},
        {"password", "eve", "value=0123\t"},
        {NULL, NULL, NULL}};
    static const struct entry new[] = {
        {"index", "public.i", "is=invalid\tdefinition=CREATE INDEX\t"},
        {"role", "eve", "login=yes\t@row=99\t"},
        {"comment", "table t", "text=a\\nb\t"},
        {"view", "a.v", ""},
        {"password", "eve", "value=4567\t"},
        {NULL, NULL, NULL}};
    (void)state;
    assert_string_equal(compared(old, new, false),
                        "comment table t: text: none on the old server, a b on the new one [no]\n"
                        "index public.i: valid on the old server, invalid on the new one [no]\n"
                        "password eve: the two servers have different ones [no]\n"
                        "table a.b: it isn't on the new server [no]\n"
                        "view a.v: it is on the new server only [no]\n");
    assert_non_null(strstr(compared(old, new, true), "role eve: it was written anew"));
    assert_string_equal(compared(old, old, false), "");
}

static void assert_differs(const char *kind, const char *before, const char *after, bool differs)
{
    const struct entry old[] = {{kind, "x", before}, {NULL, NULL, NULL}};
    const struct entry new[] = {{kind, "x", after}, {NULL, NULL, NULL}};
    if ((*compared(old, new, false) != '\0') != differs)
        fail_msg("%s: %s %s", kind, before, after);
}

/* Only what a server prints from a parse tree may be printed otherwise by another one. */
static void texts_and_definitions(void **state)
{
    (void)state;
    assert_differs("comment", "text=two  blanks\t", "text=two blanks\t", true);
    assert_differs("comment", "text=see t.id\t", "text=see id\t", true);
    assert_differs("setting", "value=a, b\t", "value=a,b\t", true);
    assert_differs("table", "options=x. y\t", "options=x.y\t", true);
    assert_differs("column", "default=f( 1)\t", "default=f(1)\t", false);
    assert_differs("column", "default=a.f()\t", "default=f()\t", true);
    assert_differs("constraint", "definition=CHECK (a.f())\t", "definition=CHECK (f())\t", true);
    assert_differs("view", "definition=SELECT t.a\t", "definition=SELECT a\t", false);
    assert_differs("policy", "using=(t.a > 1)\t", "using=(a > 1)\t", false);
    assert_differs("function", "definition=SELECT t.a\t", "definition=SELECT a\t", false);
}

static void long_values(void **state)
{
    char before[400], after[400], fields[2][500];
    (void)state;
    memset(before, 'x', sizeof before);
    before[sizeof before - 1] = '\0';
    memcpy(after, before, sizeof after);
    memcpy(before + 300, "\xc3\xa4 one", 6);
    memcpy(after + 300, "\xc3\xa4 two", 6);
    snprintf(fields[0], sizeof fields[0], "definition=%s\t", before);
    snprintf(fields[1], sizeof fields[1], "definition=%s\t", after);
    const struct entry old[] = {{"view", "v", fields[0]}, {NULL, NULL, NULL}};
    const struct entry new[] = {{"view", "v", fields[1]}, {NULL, NULL, NULL}};
    const char *words = compared(old, new, false);
    assert_non_null(strstr(words, "definition: ...xx"));
    assert_non_null(strstr(words, "\xc3\xa4 one"));
    assert_non_null(strstr(words, "\xc3\xa4 two"));
    assert_true(strlen(words) < 400);
}

static void assert_expected(const char *kind, const char *identity, const char *before,
                            const char *after, bool expected)
{
    const struct entry none[] = {{NULL, NULL, NULL}};
    const struct entry old[] = {{kind, identity, before ? before : ""}, {NULL, NULL, NULL}};
    const struct entry new[] = {{kind, identity, after ? after : ""}, {NULL, NULL, NULL}};
    const char *words = compared(before ? old : none, after ? new : none, false);
    if (!*words || (strstr(words, "[no]") == NULL) != expected)
        fail_msg("%s %s: %s", kind, identity, words);
}

static void expected_ones(void **state)
{
    (void)state;
    assert_expected("extension", "e", "version=1.9\t", "version=1.10\t", true);
    assert_expected("extension", "e", "version=1.10\t", "version=1.9\t", false);
    assert_expected("extension", "e", "version=1\tdumped tables=a\t", "version=2\t", true);
    assert_expected("extension", "e", "version=1\tdumped tables=a\t", "version=1\t", false);
    assert_expected("collation", "c", "collation version=1\t", "collation version=2\t", true);
    assert_expected("grant", "table t to a by b", "privileges=INSERT, SELECT\t",
                    "privileges=INSERT, MAINTAIN, SELECT\t", true);
    assert_expected("grant", "table t to a by b", "privileges=INSERT, SELECT\t",
                    "privileges=INSERT, MAINTAIN\t", false);
    assert_expected("grant", "table t taken from a by b", NULL, "privileges=MAINTAIN\t", true);
    assert_expected("grant", "table t to a by b", NULL, "privileges=SELECT\t", false);
    assert_expected("grant", "table t to a by b", "privileges=SELECT\t", NULL, false);
    assert_expected("role", "postgres", NULL, "superuser=yes\t", true);
    assert_expected("role", "eve", NULL, "superuser=yes\t", false);
    assert_expected("index", "i", "is=invalid\t", NULL, true);
    assert_expected("index", "i", "is=valid\t", NULL, false);
    assert_expected("database", "postgres", "collate=de\t", "collate=C\t", true);
    assert_expected("database", "mine", "collate=de\t", "collate=C\t", false);
    assert_expected("subscription", "s", "is=enabled\t", "is=disabled\t", true);
    assert_expected("subscription", "s", "is=disabled\t", "is=enabled\t", false);
    assert_expected("schema", "public", "owner=postgres\t", "owner=pg_database_owner\t", false);
    setting.old_version = 140000;
    assert_expected("schema", "public", "owner=postgres\t", "owner=pg_database_owner\t", true);
    assert_expected("membership", "a in b", "options=admin\t",
                    "options=admin, granted by postgres\t", true);
    assert_expected("membership", "a in b", "options=admin\t", "options=granted by postgres\t",
                    false);
    setting.old_version = 150020;
}

static void closed_databases(void **state)
{
    static const struct entry cluster[] = {{"database", "shut", "allows connections=no\t"},
                                           {"database", "mine", "allows connections=yes\t"},
                                           {NULL, NULL, NULL}};
    struct pg_object_list list = {0};
    (void)state;
    assert_expected("database", "shut", "allows connections=no\t", NULL, false);
    fill(&list, cluster);
    objects_setting_note_closed(&setting, &list);
    assert_expected("database", "shut", "allows connections=no\t", NULL, true);
    assert_expected("database", "shut", NULL, "owner=me\t", false);
    assert_expected("database", "mine", "allows connections=yes\t", NULL, false);
    assert_expected("database", "shutter", "owner=me\t", NULL, false);
    assert_expected("setting", "work_mem for role a in database shut", "value=1\t", NULL, true);
    assert_expected("setting", "work_mem for role shut", "value=1\t", NULL, false);
    assert_expected("comment", "database shut", "text=x\t", NULL, true);
    assert_expected("comment", "database shutter", "text=x\t", NULL, false);
    assert_expected("grant", "database shut to a by b", "privileges=CONNECT\t", NULL, true);
    assert_expected("grant", "database shutter to a by b", "privileges=CONNECT\t", NULL, false);
    assert_expected("table", "shut", "owner=me\t", NULL, false);
    objects_free(&list);
    objects_setting_free(&setting);
}

static void standard_locales(void **state)
{
    struct icu_locale german = {.written = (char *)(uintptr_t) "de_DE",
                                .standard = (char *)(uintptr_t) "de-DE"};
    (void)state;
    assert_expected("collation", "c", "locale=de_DE\t", "locale=de-DE\t", false);
    setting.locales = (struct icu_locales){.items = &german, .count = 1};
    assert_expected("collation", "c", "locale=de_DE\t", "locale=de-DE\t", true);
    assert_expected("database", "mine", "locale=de_DE\t", "locale=de-DE\t", true);
    assert_expected("collation", "c", "locale=de_DE\t", "locale=de-AT\t", false);
    assert_expected("collation", "c", "locale=de_AT\t", "locale=de-DE\t", false);
    assert_expected("collation", "c", "provider=de_DE\t", "provider=de-DE\t", false);
    setting.locales = (struct icu_locales){0};
}

static void advice(void **state)
{
    static const struct pg_object object = {"constraint", NULL, NULL};
    struct object_difference difference = {.old = &object, .field = FOREIGN_KEY_TRIGGERS};
    (void)state;
    assert_non_null(strstr(object_advice(&difference), "DISABLE TRIGGER ALL"));
    difference.field = "definition";
    assert_null(object_advice(&difference));
}

/* ---- fields and the record ---- */

static void fields(void **state)
{
    struct pg_object object = {"table", NULL, NULL};
    struct text text = {0};
    (void)state;
    objects_escape(&text, "a\tb\nc\\td\re=");
    assert_string_equal(text_string(&text), "a\\tb\\nc\\\\td\\re=");
    char *back = objects_unescape(text_string(&text));
    assert_string_equal(back, "a\tb\nc\\td\re=");
    char *packed = xprintf("x=%s\ty=\t", text_string(&text));
    object.fields = packed;
    char *x = objects_field(&object, "x"), *y = objects_field(&object, "y");
    assert_string_equal(x, back);
    assert_string_equal(y, "");
    assert_null(objects_field(&object, "z"));
    free(back);
    free(x);
    free(y);
    free(packed);
    text_free(&text);
}

static void record(void **state)
{
    struct objects_scopes scopes = {0}, back = {0};
    struct text text = {0}, again = {0};
    struct error error = ERROR_INIT;
    (void)state;
    objects_add(&objects_scope_of(&scopes, "")->objects, "role", "\"a\tb\"", "login=yes\t");
    struct objects_scope *scope = objects_scope_of(&scopes, "odd\nname");
    objects_add(&scope->objects, "table", "t", "");
    objects_add(&scope->sequences, SEQUENCE_VALUE, "s", "last value=1\t");
    objects_add(&scope->sequences_after, SEQUENCE_VALUE, "s", "last value=2\t");
    assert_false(objects_add(&scope->objects, "wish", "t", ""));
    objects_scopes_write(&scopes, &text);
    assert_true(objects_scopes_parse(text_string(&text), &back, &error));
    objects_scopes_write(&back, &again);
    assert_string_equal(text_string(&again), text_string(&text));
    assert_string_equal(objects_scope_find(&back, "")->objects.items[0].identity, "\"a\tb\"");
    assert_int_equal(objects_scope_find(&back, "odd\nname")->sequences_after.count, 1);
    assert_false(objects_scopes_parse("x\tsnapshot\twish\ty\t\n", &back, &error));
    assert_false(objects_scopes_parse("x\tsnapshot\ttable\n", &back, &error));
    objects_scopes_free(&scopes);
    objects_scopes_free(&back);
    text_free(&text);
    text_free(&again);
}

static void secrets(void **state)
{
    (void)state;
    assert_true(objects_kind_secret("password"));
    assert_true(objects_kind_secret("secret option"));
    assert_true(objects_kind_secret("subscription's connection"));
    assert_false(objects_kind_secret("role"));
    assert_false(objects_kind_secret(SEQUENCE_VALUE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(definitions_printed_otherwise),
        cmocka_unit_test(definitions_that_differ),
        cmocka_unit_test(sequences),
        cmocka_unit_test(differences_in_words),
        cmocka_unit_test(texts_and_definitions),
        cmocka_unit_test(long_values),
        cmocka_unit_test(expected_ones),
        cmocka_unit_test(closed_databases),
        cmocka_unit_test(standard_locales),
        cmocka_unit_test(advice),
        cmocka_unit_test(fields),
        cmocka_unit_test(record),
        cmocka_unit_test(secrets),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    text_free(&said);
    return failed;
}
