/* file.c: file.copy and file.remove: single regular files of this machine, and backups'
 * directories.
 */
#include "steps/actions.h"
#include "steps/backup/backup_manifest.h"
#include "steps/part_file.h"
#include "steps/step.h"

#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK ((size_t)256 << 10)

/* The argument `name`, beside the file that `beside` names; the caller frees. */
static char *path_of(const struct step_run *run, const char *name)
{
    return file_absolute_beside(step_text(run, name), step_text(run, "beside"));
}

/* Only regular files: a link could lead anywhere, a directory would take all that is in it. */
static bool check_regular(const char *path, bool *absent, struct error *error)
{
    struct stat info;
    *absent = false;
    if (lstat(path, &info) != 0) {
        *absent = errno == ENOENT || errno == ENOTDIR;
        return *absent || error_errno(error, "can't look at %s", path);
    }
    if (S_ISREG(info.st_mode))
        return true;
    error_set(error, ERROR_OTHER, "%s is no regular file but a %s", path,
              S_ISDIR(info.st_mode) ? "directory"
                                    : (S_ISLNK(info.st_mode) ? "symbolic link" : "special file"));
    return error_remedy(error, "Nothing was removed or copied; name the file itself.");
}

/* A directory only when it is a backup's, and then exactly what its manifest lists. */
static bool remove_backup(struct step_run *run, const char *path, struct error *error)
{
    if (!backup_manifest_remove(path, error))
        return false;
    step_log(run, "removed the backup's directory %s", path);
    return true;
}

static bool is_directory(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static bool remove_file(struct step_run *run, const char *path, struct error *error)
{
    bool absent = false;
    if (is_directory(path))
        return remove_backup(run, path, error);
    if (!check_regular(path, &absent, error))
        return false;
    if (!absent && unlink(path) != 0)
        return error_errno(error, "can't remove %s", path);
    step_log(run, absent ? "%s is gone already" : "removed %s", path);
    return true;
}

static bool run_remove(struct step_run *run, struct error *error)
{
    char *path = path_of(run, "path");
    bool done = remove_file(run, path, error);
    free(path);
    return done;
}

static bool same_bytes(const char *left, const char *right, bool *same, struct error *error)
{
    char a[SHA256_HEX_SIZE], b[SHA256_HEX_SIZE];
    if (!sha256_file(left, a, error) || !sha256_file(right, b, error))
        return false;
    *same = !strcmp(a, b);
    return true;
}

/* Copies in pieces, so that a backup of any size can be copied. */
static bool pump(struct step_run *run, int source, int target, double total)
{
    char *buffer = xmalloc(CHUNK);
    double done = 0;
    ssize_t got;
    bool fine = true;
    while (fine && (got = read(source, buffer, CHUNK)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        fine = got > 0 && file_write_all(target, buffer, (size_t)got);
        double before = done;
        done += (double)(got > 0 ? got : 0);
        if ((long)(done / 16e6) != (long)(before / 16e6))
            step_progress(run, done, total, "bytes", "copied");
    }
    int number = errno;
    free(buffer);
    errno = number;
    return fine;
}

static bool copy_bytes(struct step_run *run, const char *from, const char *temporary,
                       struct error *error)
{
    struct stat info = {0};
    int source = open(from, O_RDONLY | O_CLOEXEC);
    if (source < 0 || fstat(source, &info) != 0) {
        error_errno(error, "can't read %s", from);
        if (source >= 0)
            close(source);
        return false;
    }
    int target = part_create(temporary, info.st_mode & 0777, error);
    bool done =
        target >= 0 && pump(run, source, target, (double)info.st_size) && fsync(target) == 0;
    if (target >= 0 && !done)
        error_errno(error, "can't copy %s to %s", from, temporary);
    if (target >= 0)
        close(target);
    close(source);
    return done;
}

static bool copy_file(struct step_run *run, const char *from, const char *to, struct error *error)
{
    char *temporary = part_name(run, to);
    bool done = copy_bytes(run, from, temporary, error) && file_rename_new(temporary, to, error);
    if (done)
        step_log(run, "copied %s to %s", from, to);
    else
        unlink(temporary);
    free(temporary);
    return done;
}

static bool copy_once(struct step_run *run, const char *from, const char *to, struct error *error)
{
    bool absent = false, there_not = false, same = false;
    if (!check_regular(from, &absent, error) || !check_regular(to, &there_not, error))
        return false;
    if (absent)
        return error_set(error, ERROR_OTHER, "there is no file %s", from);
    if (there_not && !copy_file(run, from, to, error))
        return false;
    if (!same_bytes(from, to, &same, error))
        return false;
    if (same) {
        step_check(run, "SHA-256", VERDICT_PASS, "%s, read back, is the same as %s", to, from);
        return true;
    }
    if (there_not)
        return error_set(error, ERROR_OTHER, "%s, read back, isn't the same as %s", to, from);
    error_set(error, ERROR_OTHER, "%s exists and has other contents", to);
    return error_remedy(error, "Move it away or choose another name; nothing is overwritten.");
}

static bool run_copy(struct step_run *run, struct error *error)
{
    char *from = path_of(run, "from"), *to = path_of(run, "to");
    bool done = copy_once(run, from, to, error);
    free(from);
    free(to);
    return done;
}

static const struct argument remove_arguments[] = {
    {"path", ARGUMENT_PATH, true, NULL, NULL,
     "the file, or a backup's directory; one that is absent is fine"},
    {"beside", ARGUMENT_TEXT, false, NULL, NULL, "file that a relative path is beside of"},
    {0},
};

const struct action file_remove_action = {
    .name = "file.remove",
    .danger = DANGER_DESTRUCTIVE,
    .help = "remove one regular file, or a backup's directory",
    .arguments = remove_arguments,
    .run = run_remove,
};

static const struct argument copy_arguments[] = {
    {"from", ARGUMENT_PATH, true, NULL, NULL, "the file to copy"},
    {"to", ARGUMENT_PATH, true, NULL, NULL, "its copy; another file there is never overwritten"},
    {"beside", ARGUMENT_TEXT, false, NULL, NULL, "file that relative paths are beside of"},
    {0},
};

const struct action file_copy_action = {
    .name = "file.copy",
    .danger = DANGER_CHANGE,
    .help = "copy one regular file",
    .arguments = copy_arguments,
    .run = run_copy,
};
