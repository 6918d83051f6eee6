/* test_base.c: errors, text, files, time and processes. */
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/process.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void error_says_what_failed_and_what_to_do(void **state)
{
    (void)state;
    struct error error = ERROR_INIT;
    errno = ENOENT;
    assert_false(error_errno(&error, "can't open %s", "x"));
    assert_string_equal(error.message, "can't open x: No such file or directory");
    assert_false(error_wrap(&error, "step %d", 3));
    assert_string_equal(error.message, "step 3: can't open x: No such file or directory");
    assert_false(error_remedy(&error, "look"));
    assert_string_equal(error.remedy, "look");
    assert_false(error_set(&error, ERROR_DOCKER, "gone"));
    assert_int_equal(error.kind, ERROR_DOCKER);
    assert_string_equal(error.remedy, "");
}

static void error_cuts_at_a_characters_border(void **state)
{
    (void)state;
    struct error error = ERROR_INIT;
    struct text longer = {0};
    for (int i = 0; i < 2000; i++)
        text_add(&longer, "\xc3\xa9");
    error_set(&error, ERROR_OTHER, "%s", text_string(&longer));
    size_t length = strlen(error.message);
    assert_true(length < ERROR_MESSAGE_MAX);
    assert_true(text_ends(error.message, "\xc3\xa9..."));
    text_free(&longer);
}

static void text_grows_and_gives_away(void **state)
{
    (void)state;
    struct text text = {0};
    assert_string_equal(text_string(&text), "");
    for (int i = 0; i < 1000; i++)
        text_printf(&text, "%d,", i % 10);
    assert_int_equal(text.length, 2000);
    text_consume(&text, 1990);
    assert_string_equal(text_string(&text), "5,6,7,8,9,");
    text_append(&text, "a\0b", 3);
    assert_int_equal(text.length, 13);
    char *taken = text_take(&text);
    assert_int_equal(text.length, 0);
    free(taken);
    text_free(&text);
}

static void nearest_name_is_suggested_only_when_near(void **state)
{
    (void)state;
    static const char *const names[] = {"docker.run", "docker.remove", "pg.backup"};
    assert_string_equal(text_nearest("docker.rnu", names, 3), "docker.run");
    assert_string_equal(text_nearest("pg.bakup", names, 3), "pg.backup");
    assert_null(text_nearest("zzzzzzzzzz", names, 3));
    assert_null(text_nearest("", names, 0));
}

static void numbers_are_read_strictly(void **state)
{
    (void)state;
    long value = 7;
    assert_true(text_to_long("5433", 1, 65535, &value));
    assert_int_equal(value, 5433);
    static const char *const bad[] = {"",      " 1", "1 ", "0x10", "99999999999999999999",
                                      "65536", "-",  "+1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(text_to_long(bad[i], 1, 65535, &value));
    assert_int_equal(value, 5433);
}

static void figures_are_readable(void **state)
{
    (void)state;
    char buffer[32];
    assert_string_equal(text_bytes(buffer, sizeof buffer, 999), "999 B");
    assert_string_equal(text_bytes(buffer, sizeof buffer, 158200000), "158.2 MB");
    assert_string_equal(text_duration(buffer, sizeof buffer, 230), "230 ms");
    assert_string_equal(text_duration(buffer, sizeof buffer, 80000), "1 min 20 s");
    assert_string_equal(text_duration(buffer, sizeof buffer, 86400000), "24 h 0 min");
    assert_string_equal(text_grouped(buffer, sizeof buffer, 1234567), "1 234 567");
    assert_string_equal(text_grouped(buffer, sizeof buffer, -1000), "-1 000");
    assert_string_equal(text_grouped(buffer, sizeof buffer, 12), "12");
}

static char *temporary_directory(void)
{
    char pattern[] = "/tmp/pgrunbook-test.XXXXXX";
    assert_non_null(mkdtemp(pattern));
    return xstrdup(pattern);
}

static void a_file_is_replaced_whole_and_keeps_its_mode(void **state)
{
    (void)state;
    char *directory = temporary_directory(), *path = file_join(directory, "file");
    char *link_path = file_join(directory, "link");
    struct error error = ERROR_INIT;
    struct text content = {0};
    assert_true(file_write_atomic(path, "one", 3, 0640, &error));
    assert_int_equal(symlink(path, link_path), 0);
    assert_true(file_write_atomic(link_path, "two\n", 4, 0600, &error));
    struct stat status;
    assert_int_equal(lstat(link_path, &status), 0);
    assert_true(S_ISLNK(status.st_mode));
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0640);
    assert_true(file_read(path, 100, &content, &error));
    assert_string_equal(text_string(&content), "two\n");
    text_free(&content);
    assert_false(file_read(path, 3, &content, &error));
    text_free(&content);
    unlink(link_path);
    unlink(path);
    rmdir(directory);
    free(link_path);
    free(path);
    free(directory);
}

static void a_backup_never_overwrites(void **state)
{
    (void)state;
    char *directory = temporary_directory(), *path = file_join(directory, "file");
    struct error error = ERROR_INIT;
    struct text content = {0};
    assert_true(file_write_new(path, "one", 3, 0600, &error));
    assert_false(file_write_new(path, "two", 3, 0600, &error));
    assert_non_null(strstr(error.message, "File exists"));
    assert_true(file_read(path, 100, &content, &error));
    assert_string_equal(text_string(&content), "one");
    text_free(&content);
    unlink(path);
    assert_int_equal(rmdir(directory), 0); /* no temporary file is left */
    free(path);
    free(directory);
}

static void the_home_directory_needs_no_environment(void **state)
{
    (void)state;
    char *before = getenv("HOME") ? xstrdup(getenv("HOME")) : NULL;
    setenv("HOME", "/somebody", 1);
    char *path = file_absolute("~/backup");
    assert_string_equal(path, "/somebody/backup");
    free(path);
    unsetenv("HOME");
    path = file_absolute("~/backup");
    assert_int_equal(path[0], '/');
    assert_null(strchr(path, '~'));
    free(path);
    if (before)
        setenv("HOME", before, 1);
    free(before);
}

static void hashes_are_sha256(void **state)
{
    (void)state;
    char hex[SHA256_HEX_SIZE];
    sha256_bytes("abc", 3, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void time_is_written_in_utc(void **state)
{
    (void)state;
    char buffer[40];
    assert_string_equal(clock_iso(buffer, sizeof buffer, 1771338151042),
                        "2026-02-17T14:22:31.042Z");
}

static void a_program_is_run_with_input_and_environment(void **state)
{
    (void)state;
    const char *const arguments[] = {"sh", "-c", "cat; echo $WORD >&2; exit 3", NULL};
    const char *const environment[] = {"WORD=hello", NULL};
    struct process_request request = {
        .arguments = arguments, .environment = environment, .input = "in\n"};
    struct process_result result;
    struct error error = ERROR_INIT;
    char last[64];
    assert_true(process_run(&request, &result, &error));
    assert_int_equal(result.exit_status, 3);
    assert_string_equal(text_string(&result.output), "in\n");
    assert_string_equal(process_last_words(&result, last, sizeof last), "hello");
    process_result_free(&result);
}

static void a_missing_program_is_an_error(void **state)
{
    (void)state;
    const char *const arguments[] = {"/no/such/program", NULL};
    struct process_request request = {.arguments = arguments};
    struct process_result result;
    struct error error = ERROR_INIT;
    assert_false(process_run(&request, &result, &error));
    assert_non_null(strstr(error.message, "/no/such/program"));
    process_result_free(&result);
}

static void a_program_that_takes_too_long_is_ended(void **state)
{
    (void)state;
    const char *const arguments[] = {"sh", "-c", "echo begun; sleep 60 & sleep 60", NULL};
    struct process_request request = {.arguments = arguments, .timeout_ms = 200};
    struct process_result result;
    struct error error = ERROR_INIT;
    assert_true(process_run(&request, &result, &error));
    assert_true(result.timed_out);
    assert_int_not_equal(result.exit_status, 0);
    assert_string_equal(text_string(&result.output), "begun\n");
    process_result_free(&result);
}

static void take_line(void *context, const char *line, bool from_stderr)
{
    text_printf(context, "%c%s;", from_stderr ? 'E' : 'O', line);
}

static void output_is_limited_and_handed_over_in_lines(void **state)
{
    (void)state;
    struct text lines = {0};
    const char *const arguments[] = {"sh", "-c", "echo one; echo two >&2; printf three", NULL};
    struct process_request request = {
        .arguments = arguments, .output_limit = 4, .on_line = take_line, .context = &lines};
    struct process_result result;
    struct error error = ERROR_INIT;
    assert_true(process_run(&request, &result, &error));
    assert_int_equal(result.output.length, 4);
    assert_non_null(strstr(text_string(&lines), "Oone;"));
    assert_non_null(strstr(text_string(&lines), "Etwo;"));
    assert_non_null(strstr(text_string(&lines), "Othree;"));
    process_result_free(&result);
    text_free(&lines);
}

/* In a child, as this program's own files would be closed. */
static void every_file_but_two_is_closed(void **state)
{
    (void)state;
    int one[2], two[2], others[2], status = 0;
    assert_int_equal(pipe(others), 0);
    assert_int_equal(pipe(one), 0);
    assert_int_equal(pipe(two), 0);
    const int closed[] = {others[0], others[1], one[0], two[0]};
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        file_close_all_but(two[1], one[1]);
        bool as_meant = fcntl(one[1], F_GETFD) >= 0 && fcntl(two[1], F_GETFD) >= 0 &&
                        fcntl(STDERR_FILENO, F_GETFD) >= 0;
        for (size_t i = 0; i < sizeof closed / sizeof closed[0]; i++)
            as_meant = as_meant && fcntl(closed[i], F_GETFD) < 0;
        file_close_all_but(one[1], one[1]);
        as_meant = as_meant && fcntl(one[1], F_GETFD) >= 0 && fcntl(two[1], F_GETFD) < 0;
        _exit(as_meant ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    for (size_t i = 0; i < 2; i++) {
        close(one[i]);
        close(two[i]);
        close(others[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(error_says_what_failed_and_what_to_do),
        cmocka_unit_test(error_cuts_at_a_characters_border),
        cmocka_unit_test(text_grows_and_gives_away),
        cmocka_unit_test(nearest_name_is_suggested_only_when_near),
        cmocka_unit_test(numbers_are_read_strictly),
        cmocka_unit_test(figures_are_readable),
        cmocka_unit_test(a_file_is_replaced_whole_and_keeps_its_mode),
        cmocka_unit_test(a_backup_never_overwrites),
        cmocka_unit_test(the_home_directory_needs_no_environment),
        cmocka_unit_test(hashes_are_sha256),
        cmocka_unit_test(time_is_written_in_utc),
        cmocka_unit_test(a_program_is_run_with_input_and_environment),
        cmocka_unit_test(a_missing_program_is_an_error),
        cmocka_unit_test(a_program_that_takes_too_long_is_ended),
        cmocka_unit_test(output_is_limited_and_handed_over_in_lines),
        cmocka_unit_test(every_file_but_two_is_closed),
    };
    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
