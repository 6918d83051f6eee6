/* test_journal.c: the journal after a crash, run directories and the locks between runs. */
#include "base/file.h"
#include "base/text.h"
#include "engine/directory.h"
#include "engine/journal.h"
#include "engine/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char first[] =
    "{\"type\":\"run_created\",\"seq\":1,\"time\":1,\"run\":\"r\",\"phases\":[]}\n";
static const char last[] =
    "{\"type\":\"run_finished\",\"seq\":2,\"time\":2,\"status\":\"complete\"}\n";

/* Every test has a state directory of its own. */
static int set_up(void **state)
{
    char pattern[] = "/tmp/pgrunbook-test.XXXXXX";
    *state = xstrdup(mkdtemp(pattern));
    setenv("XDG_STATE_HOME", *state, 1);
    return 0;
}

static int tear_down(void **state)
{
    char *command = xprintf("rm -rf '%s'", (const char *)*state);
    int status = system(command);
    free(command);
    free(*state);
    return status;
}

static void write_journal(const char *path, const char *text)
{
    struct error error = ERROR_INIT;
    assert_true(file_write_atomic(path, text, strlen(text), 0600, &error));
}

static void append(const char *path, const char *line)
{
    struct error error = ERROR_INIT;
    struct journal *journal = journal_open(path, &error);
    assert_non_null(journal);
    assert_true(journal_append(journal, line, strlen(line), &error));
    assert_true(journal_sync(journal, &error));
    journal_close(journal);
}

static void an_unfinished_last_line_is_cut_off(void **state)
{
    char *path = file_join(*state, "journal.jsonl"), *torn = xprintf("%s{\"type\":\"lo", first);
    struct error error = ERROR_INIT;
    struct text content = {0};
    write_journal(path, torn);
    struct run_state *run = journal_load(path, &error); /* a reader leaves it out */
    assert_non_null(run);
    run_state_free(run);
    append(path, last);
    assert_true(file_read(path, 10000, &content, &error));
    char *whole = xprintf("%s%s", first, last);
    assert_string_equal(text_string(&content), whole);
    text_free(&content);
    free(whole);
    free(torn);
    free(path);
}

static void a_damaged_journal_is_refused(void **state)
{
    char *path = file_join(*state, "journal.jsonl"), *bad = xprintf("%snot json\n%s", first, last);
    struct error error = ERROR_INIT;
    write_journal(path, bad);
    assert_null(journal_load(path, &error));
    assert_non_null(strstr(error.message, "isn't JSON"));
    write_journal(path, "");
    assert_null(journal_load(path, &error));
    assert_non_null(strstr(error.message, "empty"));
    free(bad);
    free(path);
}

static char *make_run(const char *id, bool finished)
{
    struct error error = ERROR_INIT;
    struct lock making;
    char *directory = NULL;
    assert_true(run_directory_create(id, "name", &making, &directory, &error));
    lock_release(&making);
    char *path = file_join(directory, "journal.jsonl");
    append(path, first);
    if (finished)
        append(path, last);
    free(path);
    return directory;
}

static void the_unfinished_run_is_found_first(void **state)
{
    (void)state;
    struct error error = ERROR_INIT;
    char *found = NULL;
    assert_false(run_directory_find(NULL, &found, &error));
    assert_int_equal(error.kind, ERROR_USAGE);
    char *done = make_run("done", true), *open = make_run("open", false);
    assert_true(run_directory_find(NULL, &found, &error));
    assert_string_equal(found, open);
    free(found);
    assert_true(run_directory_find("done", &found, &error));
    assert_string_equal(found, done);
    free(found);
    assert_false(run_directory_find("../done", &found, &error));
    assert_false(run_directory_find("missing", &found, &error));
    free(done);
    free(open);
}

static void run_names_are_checked(void **state)
{
    (void)state;
    static const char *const bad[] = {"", ".", "..", "-x", "a/b", "a b", "a\n"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(run_id_valid(bad[i]));
    assert_true(run_id_valid("pg15-to-pg17-20260217.1_a"));
    struct error error = ERROR_INIT;
    struct lock making;
    char *directory = NULL, *made = make_run("twice", false);
    assert_false(run_directory_create("twice", "name", &making, &directory, &error));
    assert_int_equal(error.kind, ERROR_USAGE);
    free(made);
}

/* Two starts at once are kept apart; what one has left that was killed is taken over. */
static void a_killed_start_leaves_its_name(void **state)
{
    (void)state;
    struct error error = ERROR_INIT;
    struct lock first_start, second;
    char *directory = NULL, *other = NULL;
    assert_true(run_directory_create("killed", "name", &first_start, &directory, &error));
    assert_false(run_directory_create("killed", "name", &second, &other, &error));
    lock_release(&first_start);
    char *path = file_join(directory, "journal.jsonl");
    write_journal(path, "{\"seq\":1,");
    assert_false(run_directory_find("killed", &other, &error));
    assert_true(run_directory_create("killed", "name", &second, &other, &error));
    lock_release(&second);
    free(path);
    free(directory);
    free(other);
}

static void an_unfinished_run_holds_its_target(void **state)
{
    (void)state;
    struct error error = ERROR_INIT;
    struct lock lock = {-1}, second = {-1};
    char *open = make_run("open", false), *done = make_run("done", true);
    assert_true(lock_target("stack/db", "open", &lock, &error));
    assert_false(lock_target("stack/db", "other", &second, &error)); /* its engine lives */
    assert_int_equal(error.kind, ERROR_LOCKED);
    lock_release(&lock);
    assert_false(lock_target("stack/db", "other", &second, &error)); /* it isn't finished */
    assert_non_null(strstr(error.message, "open"));
    assert_true(lock_target("stack/db", "open", &lock, &error)); /* it may go on itself */
    lock_release(&lock);
    assert_true(lock_target("stack/other", "done", &lock, &error));
    lock_release(&lock);
    assert_true(
        lock_target("stack/other", "next", &second, &error)); /* a finished one holds nothing */
    lock_release(&second);
    free(open);
    free(done);
}

static void an_engines_death_frees_its_lock(void **state)
{
    (void)state;
    struct error error = ERROR_INIT;
    struct lock lock = {-1};
    char *directory = make_run("run", false);
    int ready[2];
    assert_int_equal(pipe(ready), 0);
    assert_false(engine_alive(directory));
    pid_t child = fork();
    if (child == 0) {
        bool taken = lock_engine(directory, &lock, &error);
        if (write(ready[1], taken ? "y" : "n", 1) == 1)
            pause();
        _exit(0);
    }
    char sign = 0;
    assert_int_equal(read(ready[0], &sign, 1), 1);
    assert_int_equal(sign, 'y');
    assert_true(engine_alive(directory));
    assert_false(lock_engine(directory, &lock, &error));
    assert_int_equal(error.kind, ERROR_LOCKED);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_false(engine_alive(directory));
    assert_true(lock_engine(directory, &lock, &error));
    lock_release(&lock);
    close(ready[0]);
    close(ready[1]);
    free(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_unfinished_last_line_is_cut_off, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_damaged_journal_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_unfinished_run_is_found_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(run_names_are_checked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_killed_start_leaves_its_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_unfinished_run_holds_its_target, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_engines_death_frees_its_lock, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
