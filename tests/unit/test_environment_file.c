/* test_environment_file.c: the edit in place of environment files, byte for byte. */
#include "compose/environment_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define OLD "OLD_DATABASE_DSN"
#define DEFAULT "DEFAULT_DATABASE_DSN"
#define NEW "NEW_DATABASE_DSN"

typedef bool edit(const char *file, const char *bytes, size_t length, const char *name,
                  struct text *result, struct error *error);

static void expect(bool done, const struct text *result, const char *after,
                   const struct error *error)
{
    if (!done)
        print_message("%s\n", error->message);
    assert_true(done);
    assert_string_equal(text_string(result), after);
    assert_int_equal(result->length, strlen(after));
}

static void refused(bool done, const struct text *result, const char *why,
                    const struct error *error)
{
    assert_false(done);
    assert_int_equal(result->length, 0);
    if (!strstr(error->message, why))
        print_message("expected %s in: %s\n", why, error->message);
    assert_non_null(strstr(error->message, why));
}

static bool rename_in(const char *before, const char *from, const char *to, struct text *result,
                      struct error *error)
{
    return environment_rename("f.env", before, strlen(before), from, to, result, error);
}

static void renames(const char *before, const char *after)
{
    struct error error = ERROR_INIT;
    struct text there = {0}, back = {0};
    expect(rename_in(before, DEFAULT, OLD, &there, &error), &there, after, &error);
    expect(rename_in(text_string(&there), OLD, DEFAULT, &back, &error), &back, before, &error);
    text_free(&there);
    text_free(&back);
}

static void a_name_is_changed_and_nothing_else(void **state)
{
    (void)state;
    renames(DEFAULT "=x", OLD "=x");
    renames("\xEF\xBB\xBF" DEFAULT "=x\n", "\xEF\xBB\xBF" OLD "=x\n");
    renames("A=1\r\n\r\n# " DEFAULT "\r\n" DEFAULT "=x\r\nB=2",
            "A=1\r\n\r\n# " DEFAULT "\r\n" OLD "=x\r\nB=2");
    renames("\t export  " DEFAULT " = 'x y' # " DEFAULT "=\n",
            "\t export  " OLD " = 'x y' # " DEFAULT "=\n");
    renames(DEFAULT ": \"x\"\n", OLD ": \"x\"\n");
    renames("X" DEFAULT "=1\n" DEFAULT "X=2\n" DEFAULT "=3\n",
            "X" DEFAULT "=1\n" DEFAULT "X=2\n" OLD "=3\n");
}

static void a_line_inside_of_a_quoted_value_is_no_setting(void **state)
{
    (void)state;
    renames("TEXT=\"one\n" DEFAULT "=no \\\" \n\"\n" DEFAULT "=x\n",
            "TEXT=\"one\n" DEFAULT "=no \\\" \n\"\n" OLD "=x\n");
    renames("#TEXT='open\n" DEFAULT "=x\n", "#TEXT='open\n" OLD "=x\n");
}

static void what_is_not_plain_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *before, *why;
    } cases[] = {
        {"A=1\n", "doesn't have " DEFAULT},
        {"", "doesn't have " DEFAULT},
        {"#" DEFAULT "=x\n", "doesn't have " DEFAULT},
        {DEFAULT "=x\n" DEFAULT "=y\n", "2 times"},
        {DEFAULT "=x\n" OLD "=y\n", "has " OLD " already"},
        {DEFAULT "=x\n# " OLD "=y\n", "has " OLD " already, commented out"},
        {"A=1\nB='open\n" DEFAULT "=secret\n", "f.env:2: the quote isn't closed"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error error = ERROR_INIT;
        struct text result = {0};
        refused(rename_in(cases[i].before, DEFAULT, OLD, &result, &error), &result, cases[i].why,
                &error);
        assert_null(strstr(error.message, "secret"));
    }
}

static void a_comment_that_reads_like_a_setting_is_counted_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *before;
        size_t set, detached, line;
    } cases[] = {
        {"A=1\n# " DEFAULT ": where the data is\n" DEFAULT "=x\n", 1, 1, 2},
        {"#" DEFAULT "=example\r\n" DEFAULT "=x", 1, 1, 1},
        {"TEXT='one\ntwo'\n\n#export " DEFAULT " = y", 0, 1, 4},
        {"# see " DEFAULT "=x\n## " DEFAULT "=x\n" DEFAULT "=x\n", 1, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error error = ERROR_INIT;
        struct environment_count count;
        assert_true(environment_count("f.env", cases[i].before, strlen(cases[i].before), DEFAULT,
                                      &count, &error));
        assert_int_equal(count.set, cases[i].set);
        assert_int_equal(count.detached, cases[i].detached);
        assert_int_equal(count.detached_line, cases[i].line);
    }
}

static void there_and_back(edit *there, edit *back, const char *before, const char *after)
{
    struct error error = ERROR_INIT;
    struct text first = {0}, second = {0};
    expect(there("f.env", before, strlen(before), OLD, &first, &error), &first, after, &error);
    expect(back("f.env", text_string(&first), first.length, OLD, &second, &error), &second, before,
           &error);
    text_free(&first);
    text_free(&second);
}

static void a_line_is_commented_out_and_comes_back(void **state)
{
    (void)state;
    struct error error = ERROR_INIT;
    struct text result = {0};
    there_and_back(environment_detach, environment_attach, "A=1\r\n export " OLD "='x'\r\nB=2",
                   "A=1\r\n# export " OLD "='x'\r\nB=2");
    there_and_back(environment_detach, environment_attach, "#" OLD "X=\n" OLD "=x",
                   "#" OLD "X=\n#" OLD "=x");
    refused(
        environment_detach("f.env", OLD "='a\nb'\n", strlen(OLD "='a\nb'\n"), OLD, &result, &error),
        &result, "several lines", &error);
    refused(environment_attach("f.env", OLD "=1\n#" OLD "=2\n", strlen(OLD "=1\n#" OLD "=2\n"), OLD,
                               &result, &error),
            &result, "already", &error);
}

static void adds(const char *before, const char *after)
{
    struct error error = ERROR_INIT;
    struct text there = {0}, back = {0};
    expect(environment_add("f.env", before, strlen(before), NEW, DEFAULT, "db17", &there, &error),
           &there, after, &error);
    expect(environment_remove("f.env", text_string(&there), there.length, NEW, &back, &error),
           &back, before, &error);
    text_free(&there);
    text_free(&back);
}

static void an_address_is_added_with_another_host(void **state)
{
    (void)state;
    adds(DEFAULT "=postgres://u:p@db:5432/n",
         NEW "=postgres://u:p@db17:5432/n\n" DEFAULT "=postgres://u:p@db:5432/n");
    adds("A=1\r\n" DEFAULT "='postgis://db/n?x=@y:1'\t# db\r\n",
         "A=1\r\n" NEW "='postgis://db17/n?x=@y:1'\t# db\r\n" DEFAULT
         "='postgis://db/n?x=@y:1'\t# db\r\n");
    adds("A=1\r\n" DEFAULT "=\"postgres://u:p%40@db\"",
         "A=1\r\n" NEW "=\"postgres://u:p%40@db17\"\r\n" DEFAULT "=\"postgres://u:p%40@db\"");
    adds("\xEF\xBB\xBF" DEFAULT "=postgres://u@db/n\n",
         "\xEF\xBB\xBF" NEW "=postgres://u@db17/n\n" DEFAULT "=postgres://u@db/n\n");
    adds("export " DEFAULT " = postgres://u:a@b@db:5432/n\n",
         "export " NEW " = postgres://u:a@b@db17:5432/n\nexport " DEFAULT
         " = postgres://u:a@b@db:5432/n\n");
}

static void a_value_without_one_plain_host_is_refused(void **state)
{
    (void)state;
    static const char *const values[] = {"db",
                                         "",
                                         "postgres://",
                                         "postgres://u:secret@/n",
                                         "postgres://u:secret@a,b/n",
                                         "postgres://u:secret@${HOST}/n",
                                         "postgres://u:secret@[::1]/n",
                                         "postgres://u:secret@db:x/n",
                                         "postgres://u:secret@db:/n",
                                         "postgres://u:secret@db:99999/n",
                                         "postgres://u:sec/ret@db:5432/n"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct error error = ERROR_INIT;
        struct text result = {0};
        char *before = xprintf(DEFAULT "=%s\n", values[i]);
        refused(
            environment_add("f.env", before, strlen(before), NEW, DEFAULT, "db17", &result, &error),
            &result, "no address with one plain host", &error);
        assert_null(strstr(error.message, "sec"));
        free(before);
    }
}

static void removes(const char *before, const char *after)
{
    struct error error = ERROR_INIT;
    struct text result = {0};
    bool done = environment_remove("f.env", before, strlen(before), OLD, &result, &error);
    if (!done)
        print_message("%s\n", error.message);
    assert_true(done);
    assert_string_equal(text_string(&result), after);
    text_free(&result);
}

static void a_line_is_removed_set_or_commented_out(void **state)
{
    (void)state;
    removes("A=1\n" OLD "=x\nB=2\n", "A=1\nB=2\n");
    removes("A=1\r\n#" OLD "=x\r\nB=2", "A=1\r\nB=2");
    removes("A=1\r\n#" OLD "=x", "A=1");
    removes("A=1\n" OLD "='x\ny'", "A=1");
    removes(OLD "=x", "");
    removes("\xEF\xBB\xBF" OLD "=x\n", "\xEF\xBB\xBF");
}

/* Whatever bytes there are: an edit reads no byte beyond, and what it writes is as long as it says.
 */
static void no_bytes_lead_it_astray(void **state)
{
    (void)state;
    static const char pieces[][24] = {DEFAULT "=", "\n", "\r", "'", "\"", "#", "\\", "export ",
                                      "://",       "@",  ":",  "/", " ",  "=", "x",  "\t"};
    unsigned int seed = 5;
    for (int round = 0; round < 20000; round++) {
        struct text before = {0}, after = {0};
        struct error error = ERROR_INIT;
        for (int i = 0; i < 12; i++) {
            seed = seed * 1103515245U + 12345U;
            text_add(&before, pieces[(seed >> 16) % (sizeof pieces / sizeof *pieces)]);
        }
        char *exact = xmalloc(before.length); /* so that the sanitizer sees a byte too far */
        memcpy(exact, before.bytes, before.length);
        if (environment_rename("f", exact, before.length, DEFAULT, OLD, &after, &error))
            assert_int_equal(after.length, before.length - strlen(DEFAULT) + strlen(OLD));
        text_free(&after);
        environment_add("f", exact, before.length, NEW, DEFAULT, "h", &after, &error);
        text_free(&after);
        environment_remove("f", exact, before.length, DEFAULT, &after, &error);
        text_free(&after);
        free(exact);
        text_free(&before);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_changed_and_nothing_else),
        cmocka_unit_test(a_line_inside_of_a_quoted_value_is_no_setting),
        cmocka_unit_test(what_is_not_plain_is_refused),
        cmocka_unit_test(a_comment_that_reads_like_a_setting_is_counted_with_its_line),
        cmocka_unit_test(a_line_is_commented_out_and_comes_back),
        cmocka_unit_test(an_address_is_added_with_another_host),
        cmocka_unit_test(a_value_without_one_plain_host_is_refused),
        cmocka_unit_test(a_line_is_removed_set_or_commented_out),
        cmocka_unit_test(no_bytes_lead_it_astray),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
