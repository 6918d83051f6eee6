/* test_compose_diff.c: the difference that the operator sees, and what it doesn't show. */
#include "compose/diff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void differs(const char *before, const char *after, const char *expected)
{
    struct text text = {0};
    diff_lines("f", before, after, &text);
    assert_string_equal(text_string(&text), expected);
    text_free(&text);
}

static void equal_texts_have_none(void **state)
{
    (void)state;
    differs("", "", "");
    differs("a\nb\n", "a\nb\n", "");
}

static void one_line_changes(void **state)
{
    (void)state;
    differs("1\n2\n3\n4\n5\n6\n7\n", "1\n2\n3\nX\n5\n6\n7\n",
            "--- f\n+++ f\n@@ -2,5 +2,5 @@\n 2\n 3\n-4\n+X\n 5\n 6\n");
}

static void lines_come_and_go(void **state)
{
    (void)state;
    differs("a\n", "a\nb\n", "--- f\n+++ f\n@@ -1,1 +1,2 @@\n a\n+b\n");
    differs("a\nb\n", "b\n", "--- f\n+++ f\n@@ -1,2 +1,1 @@\n-a\n b\n");
    differs("a", "b", "--- f\n+++ f\n@@ -1,1 +1,1 @@\n-a\n+b\n");
}

static void far_changes_are_two_hunks(void **state)
{
    (void)state;
    differs("a\n1\n2\n3\n4\n5\n6\nb\n", "A\n1\n2\n3\n4\n5\n6\nB\n",
            "--- f\n+++ f\n@@ -1,3 +1,3 @@\n-a\n+A\n 1\n 2\n@@ -6,3 +6,3 @@\n 5\n 6\n-b\n+B\n");
}

static void near_changes_are_one_hunk(void **state)
{
    (void)state;
    differs("a\n1\n2\nb\n", "A\n1\n2\nB\n",
            "--- f\n+++ f\n@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n-b\n+B\n");
}

static void line_ends_of_windows_are_not_shown(void **state)
{
    (void)state;
    differs("a\r\nb\r\n", "a\r\nc\r\n", "--- f\n+++ f\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n");
}

static void masks(const char *line, const char *expected)
{
    struct text text = {0};
    diff_mask(line, strlen(line), &text);
    assert_string_equal(text_string(&text), expected);
    text_free(&text);
}

static void secrets_are_masked(void **state)
{
    (void)state;
    masks("      POSTGRES_PASSWORD: geheim", "      POSTGRES_PASSWORD: ***");
    masks("      - POSTGRES_PASSWORD=geheim  # x", "      - POSTGRES_PASSWORD=***");
    masks("  api_key: abc", "  api_key: ***");
    masks("  AUTH_TOKEN=abc", "  AUTH_TOKEN=***");
    masks("  DB_PASS: geheim", "  DB_PASS: ***");
    masks("  - PGPASS=geheim", "  - PGPASS=***");
    masks("  \"DB_PASS_2\" : geheim", "  \"DB_PASS_2\" : ***");
    masks("  MYSQL_PWD: geheim", "  MYSQL_PWD: ***");
    masks("  ENCRYPTION_KEY: geheim", "  ENCRYPTION_KEY: ***");
    masks("  licenseKey: geheim", "  licenseKey: ***");
    masks("  AWS_CREDENTIALS=geheim", "  AWS_CREDENTIALS=***");
    masks("  key_file: x, pass: geheim", "  key_file: x, pass: ***");
    masks("  url: postgres://app:geheim@db:5432/x", "  url: postgres://app:***@db:5432/x");
    masks("  two: http://a:b@c/ http://d:e@f/", "  two: http://a:***@c/ http://d:***@f/");
    masks("  url: http://host:8080/x", "  url: http://host:8080/x");
    masks("  image: pgvector/pgvector:pg17", "  image: pgvector/pgvector:pg17");
    masks("  secrets:", "  secrets:");
    masks("  - ./keys/server.key.pem:/etc/ssl/server.pem",
          "  - ./keys/server.key.pem:/etc/ssl/server.pem");
    masks("  image: passbolt/keycloak:24", "  image: passbolt/keycloak:24");
    masks("  monkeys: 3", "  monkeys: 3");
    masks("  PGPASSFILE: /etc/pgpass.conf", "  PGPASSFILE: /etc/pgpass.conf");
    masks("", "");
}

static void secrets_are_masked_in_context(void **state)
{
    (void)state;
    differs("PASSWORD: x\nimage: a\n", "PASSWORD: x\nimage: b\n",
            "--- f\n+++ f\n@@ -1,2 +1,2 @@\n PASSWORD: ***\n-image: a\n+image: b\n");
}

static void a_large_change_is_still_one(void **state)
{
    (void)state;
    struct text before = {0}, after = {0}, text = {0};
    for (int i = 0; i < 5000; i++) {
        text_printf(&before, "a%d\n", i);
        text_printf(&after, "b%d\n", i);
    }
    diff_lines("f", text_string(&before), text_string(&after), &text);
    assert_true(text.length > 5000 * 8);
    text_free(&before);
    text_free(&after);
    text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_texts_have_none),
        cmocka_unit_test(one_line_changes),
        cmocka_unit_test(lines_come_and_go),
        cmocka_unit_test(far_changes_are_two_hunks),
        cmocka_unit_test(near_changes_are_one_hunk),
        cmocka_unit_test(line_ends_of_windows_are_not_shown),
        cmocka_unit_test(secrets_are_masked),
        cmocka_unit_test(secrets_are_masked_in_context),
        cmocka_unit_test(a_large_change_is_still_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
