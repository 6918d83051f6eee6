/* backup_file.c: a backup's file from its first byte to its name. */
#include "steps/backup/backup_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct backup_file {
    char *path, *partial, *directory;
    int descriptor;
    bool placed; /* it has its name */
    struct sha256 *hash;
    struct dump_scan *scan;
};

static char *directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash > path ? xstrndup(path, (size_t)(slash - path)) : xstrdup("/");
}

void backup_file_close(struct backup_file *file)
{
    char ignored[SHA256_HEX_SIZE];
    if (!file)
        return;
    if (file->descriptor >= 0) {
        close(file->descriptor);
        if (!file->placed)
            unlink(file->partial);
    }
    if (file->hash)
        sha256_finish(file->hash, ignored);
    dump_scan_free(file->scan);
    free(file->path);
    free(file->partial);
    free(file->directory);
    free(file);
}

struct backup_file *backup_file_begin(const char *path, struct error *error)
{
    struct backup_file *file = xcalloc(1, sizeof *file);
    file->path = xstrdup(path);
    file->partial = xprintf("%s.partial", path);
    file->directory = directory_of(path);
    file->descriptor = -1;
    if (file_make_directories(file->directory, 0700, error)) {
        unlink(file->partial);
        file->descriptor =
            open(file->partial, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (file->descriptor < 0)
            error_errno(error, "can't create the backup %s", file->partial);
    }
    if (file->descriptor < 0) {
        error_remedy(error, "Check the variable backup_dir and its permissions.");
        backup_file_close(file);
        return NULL;
    }
    file->hash = sha256_new();
    file->scan = dump_scan_new();
    return file;
}

static bool write_failed(const struct backup_file *file, struct error *error)
{
    int number = errno;
    unsigned long long bytes = dump_scan_summary(file->scan)->bytes;
    error_errno(error, "can't write the backup %s after %llu bytes", file->partial, bytes);
    if (number == ENOSPC || number == EDQUOT)
        error_remedy(error,
                     "The disk is full: make room there (df -h %s) or put the backup "
                     "elsewhere (variable backup_dir), then retry the step.",
                     file->directory);
    return false;
}

bool backup_file_write(struct backup_file *file, const char *bytes, size_t length,
                       struct error *error)
{
    sha256_update(file->hash, bytes, length);
    dump_scan_feed(file->scan, bytes, length);
    while (length) {
        ssize_t wrote = write(file->descriptor, bytes, length);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return write_failed(file, error);
        bytes += wrote;
        length -= (size_t)wrote;
    }
    return true;
}

const struct dump_summary *backup_file_summary(const struct backup_file *file)
{
    return dump_scan_summary(file->scan);
}

static bool put_in_place(struct backup_file *file, bool replace, struct error *error)
{
    if (fsync(file->descriptor) < 0)
        return write_failed(file, error);
    unsigned flags = replace ? 0 : RENAME_NOREPLACE;
    if (renameat2(AT_FDCWD, file->partial, AT_FDCWD, file->path, flags) < 0 &&
        /* Some file systems know no flags; that there was no file was checked at the beginning. */
        (errno != EINVAL || rename(file->partial, file->path) < 0))
        return error_errno(error, "can't put the backup in place as %s", file->path);
    return file_sync_directory(file->directory, error);
}

bool backup_file_finish(struct backup_file *file, bool replace, char sha256[SHA256_HEX_SIZE],
                        struct error *error)
{
    if (!dump_is_whole(dump_scan_summary(file->scan), file->partial, error))
        return false;
    sha256_finish(file->hash, sha256);
    file->hash = NULL;
    file->placed = put_in_place(file, replace, error);
    return file->placed;
}
