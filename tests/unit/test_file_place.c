/* test_file_place.c: where a relative path leads, and whose a file would be after an edit. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define NOBODY 65534

static void leads_to(const char *path, const char *beside, const char *wanted)
{
    char *absolute = file_absolute_beside(path, beside);
    assert_string_equal(absolute, wanted);
    free(absolute);
}

static void a_relative_path_is_beside_the_first_file(void **state)
{
    (void)state;
    leads_to("/etc/app.env", "/srv/a/compose.yml", "/etc/app.env");
    leads_to("app.env", "/srv/a/compose.yml", "/srv/a/app.env");
    leads_to("app.env", "/srv/a/compose.yml,/srv/b/more.yml", "/srv/a/app.env");
    assert_int_equal(chdir("/"), 0);
    leads_to("app.env", NULL, "/app.env");
    leads_to("app.env", "", "/app.env");
}

/* As a user who isn't root, when there is a way to be one. */
static bool stays_for_nobody(const char *path)
{
    pid_t child = fork();
    int status = 0;
    if (child == 0) {
        struct error error = ERROR_INIT;
        if (geteuid() == 0 &&
            (setgroups(0, NULL) != 0 || setegid(NOBODY) != 0 || seteuid(NOBODY) != 0))
            _exit(2);
        _exit(file_owner_stays(path, &error));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
    return WEXITSTATUS(status) == 1;
}

static void only_its_owner_leaves_a_file_its_owner(void **state)
{
    (void)state;
    char path[] = "/tmp/test_file_place.XXXXXX";
    int file = mkstemp(path);
    struct error error = ERROR_INIT;
    assert_true(file >= 0);
    assert_true(file_owner_stays(path, &error));
    assert_false(stays_for_nobody("/etc/passwd"));
    if (geteuid() == 0) {
        assert_false(stays_for_nobody(path));
        assert_int_equal(fchown(file, NOBODY, 0), 0);
        assert_false(stays_for_nobody(path)); /* its group would go */
        assert_int_equal(fchown(file, NOBODY, NOBODY), 0);
        assert_true(stays_for_nobody(path));
    }
    assert_false(file_owner_stays("/no/such/file", &error));
    close(file);
    unlink(path);
}

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* The file system of the test knows less than that of the machine. */
static bool renames_with_flags = true, links = true;

int renameat2(int from_directory, const char *from, int to_directory, const char *to,
              unsigned int flags)
{
    if (renames_with_flags)
        return (int)syscall(SYS_renameat2, from_directory, from, to_directory, to, flags);
    errno = EINVAL;
    return -1;
}

int link(const char *from, const char *to)
{
    if (links)
        return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
    errno = EPERM;
    return -1;
}

static void check_new_name(void)
{
    char directory[] = "/tmp/test_file_place.XXXXXX";
    struct error error = ERROR_INIT;
    struct text content = {0};
    assert_non_null(mkdtemp(directory));
    char *from = file_join(directory, "from"), *to = file_join(directory, "to");
    write_text(from, "ours");
    write_text(to, "theirs");
    assert_false(file_rename_new(from, to, &error));
    assert_non_null(strstr(error.remedy, "nothing is overwritten"));
    assert_true(file_exists(from));
    assert_true(file_read(to, 100, &content, &error));
    assert_string_equal(text_string(&content), "theirs");
    assert_int_equal(unlink(to), 0);
    assert_true(file_rename_new(from, to, &error));
    assert_true(file_exists(to) && !file_exists(from));
    assert_int_equal(unlink(to), 0);
    rmdir(directory);
    text_free(&content);
    free(from);
    free(to);
}

static void a_new_name_is_taken_from_nobody(void **state)
{
    (void)state;
    check_new_name();
    renames_with_flags = false;
    check_new_name();
    links = false;
    check_new_name();
    renames_with_flags = links = true;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_relative_path_is_beside_the_first_file),
        cmocka_unit_test(only_its_owner_leaves_a_file_its_owner),
        cmocka_unit_test(a_new_name_is_taken_from_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
