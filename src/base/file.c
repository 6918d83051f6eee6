/* file.c: whole files, atomically; directories; SHA-256 by OpenSSL's libcrypto. */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/evp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

bool file_read(const char *path, size_t limit, struct text *content, struct error *error)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return error_errno(error, "can't open %s", path);
    char buffer[65536];
    size_t total = 0;
    ssize_t got;
    while ((got = read(file, buffer, sizeof buffer)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            break;
        total += (size_t)got;
        if (total > limit)
            break;
        text_append(content, buffer, (size_t)got);
    }
    int saved = errno;
    close(file);
    errno = saved;
    if (got < 0)
        return error_errno(error, "can't read %s", path);
    if (total > limit)
        return error_set(error, ERROR_OTHER, "%s is larger than %zu bytes", path, limit);
    text_append(content, "", 0);
    return true;
}

bool file_write_all(int file, const char *bytes, size_t length)
{
    while (length) {
        ssize_t wrote = write(file, bytes, length);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return false;
        bytes += wrote;
        length -= (size_t)wrote;
    }
    return true;
}

/* Both ends too. Kernels before Linux 5.9 and some containers don't have the call for it. */
static void close_between(unsigned first, unsigned last)
{
    if (close_range(first, last, 0) == 0)
        return;
    DIR *files = opendir("/proc/self/fd");
    const struct dirent *entry;
    while (files && (entry = readdir(files))) {
        unsigned long file = strtoul(entry->d_name, NULL, 10);
        if (file >= first && file <= last && file != (unsigned long)dirfd(files))
            close((int)file);
    }
    if (files)
        closedir(files);
}

void file_close_from(unsigned first)
{
    close_between(first, ~0U);
}

void file_close_all_but(int one, int other)
{
    const int kept[] = {one < other ? one : other, one < other ? other : one};
    unsigned from = 3;
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        if (kept[i] < (int)from)
            continue;
        if ((unsigned)kept[i] > from)
            close_between(from, (unsigned)kept[i] - 1);
        from = (unsigned)kept[i] + 1;
    }
    close_between(from, ~0U);
}

bool file_sync_directory(const char *path, struct error *error)
{
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return error_errno(error, "can't open directory %s", path);
    bool synced = !fsync(directory) || errno == EINVAL;
    int saved = errno;
    close(directory);
    errno = saved;
    return synced || error_errno(error, "can't sync directory %s", path);
}

static char *directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return xstrdup(".");
    return slash == path ? xstrdup("/") : xstrndup(path, (size_t)(slash - path));
}

static bool sync_parent(const char *path, struct error *error)
{
    char *directory = directory_of(path);
    bool synced = file_sync_directory(directory, error);
    free(directory);
    return synced;
}

/* The bytes in a new temporary file beside `path`, synced; its name in *temporary (caller frees).
 */
static bool write_beside(const char *path, const void *bytes, size_t length,
                         const struct stat *like, char **temporary, struct error *error)
{
    *temporary = xprintf("%s.XXXXXX", path);
    int file = mkostemp(*temporary, O_CLOEXEC);
    if (file < 0)
        return error_errno(error, "can't create a file beside %s", path);
    bool owned = fchown(file, like->st_uid, like->st_gid) == 0 || geteuid() != 0;
    bool written = owned && fchmod(file, like->st_mode & 07777) == 0 &&
                   file_write_all(file, bytes, length) && fsync(file) == 0;
    int saved = errno;
    close(file);
    if (written)
        return true;
    unlink(*temporary);
    errno = saved;
    return error_errno(error, "can't write %s", path);
}

static bool replace_file(const char *path, const void *bytes, size_t length,
                         const struct stat *like, struct error *error)
{
    char *temporary = NULL;
    bool done = write_beside(path, bytes, length, like, &temporary, error);
    if (done && rename(temporary, path) < 0) {
        done = error_errno(error, "can't put the new %s in place", path);
        unlink(temporary);
    }
    free(temporary);
    return done && sync_parent(path, error);
}

bool file_write_atomic(const char *path, const void *bytes, size_t length, mode_t mode,
                       struct error *error)
{
    char resolved[PATH_MAX];
    const char *target = realpath(path, resolved) ? resolved : path;
    struct stat like;
    if (stat(target, &like) < 0) {
        like.st_mode = mode;
        like.st_uid = geteuid();
        like.st_gid = getegid();
    }
    return replace_file(target, bytes, length, &like, error);
}

bool file_write_new(const char *path, const void *bytes, size_t length, mode_t mode,
                    struct error *error)
{
    struct stat like = {.st_mode = mode, .st_uid = geteuid(), .st_gid = getegid()};
    char *temporary = NULL;
    bool done = write_beside(path, bytes, length, &like, &temporary, error);
    if (done && link(temporary, path) < 0)
        done = error_errno(error, "can't create %s", path);
    if (temporary)
        unlink(temporary);
    free(temporary);
    return done && sync_parent(path, error);
}

/* For file systems without hard links, such as mounts of object stores: what comes there in the
 * instant between the two calls isn't seen. */
static bool rename_where_none_is(const char *from, const char *to)
{
    struct stat status;
    if (lstat(to, &status) == 0)
        errno = EEXIST;
    return errno == ENOENT && rename(from, to) == 0;
}

/* Not every file system knows all ways. Source: rename(2), RENAME_NOREPLACE; link(2), ERRORS. */
static bool rename_without_replacing(const char *from, const char *to)
{
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return true;
    if (errno != EINVAL && errno != ENOSYS && errno != ENOTSUP)
        return false;
    if (link(from, to) == 0)
        return unlink(from) == 0;
    if (errno != EPERM && errno != ENOSYS && errno != ENOTSUP && errno != EMLINK)
        return false;
    return rename_where_none_is(from, to);
}

bool file_rename_new(const char *from, const char *to, struct error *error)
{
    if (rename_without_replacing(from, to))
        return sync_parent(to, error);
    bool taken = errno == EEXIST;
    error_errno(error, "can't rename %s to %s", from, to);
    return taken && error_remedy(error, "It has come there meanwhile: move it away or choose "
                                        "another name; nothing is overwritten.");
}

bool file_exists(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0;
}

bool file_make_directories(const char *path, mode_t mode, struct error *error)
{
    char *copy = xstrdup(path);
    bool made = true;
    for (char *slash = copy + 1; made && *slash; slash++) {
        if (*slash != '/')
            continue;
        *slash = '\0';
        made = mkdir(copy, mode) == 0 || errno == EEXIST;
        *slash = '/';
    }
    made = made && (mkdir(copy, mode) == 0 || errno == EEXIST);
    struct stat status;
    if (made && (stat(path, &status) < 0 || !S_ISDIR(status.st_mode))) {
        errno = ENOTDIR;
        made = false;
    }
    free(copy);
    return made || error_errno(error, "can't make directory %s", path);
}

/* The file system of `path` or of its nearest parent that is there; *nearest is the caller's to
 * free. False with errno. */
static bool nearest_file_system(const char *path, char **nearest, struct statvfs *status)
{
    int failed;
    *nearest = file_absolute(path);
    while ((failed = statvfs(*nearest, status)) < 0 && errno == ENOENT &&
           strcmp(*nearest, "/") != 0) {
        char *parent = directory_of(*nearest);
        free(*nearest);
        *nearest = parent;
    }
    return !failed;
}

bool file_free_space(const char *path, unsigned long long *bytes, struct error *error)
{
    char *nearest;
    struct statvfs status;
    bool asked = nearest_file_system(path, &nearest, &status);
    if (asked)
        *bytes = (unsigned long long)status.f_bavail * status.f_frsize;
    else
        error_errno(error, "can't ask for the free space at %s", path);
    free(nearest);
    return asked;
}

/* Root may write everywhere, as far as access() knows, and still not on a file system without
 * blocks, such as /proc. */
bool file_may_write_in(const char *path, struct error *error)
{
    char *nearest;
    struct statvfs file_system;
    struct stat status;
    bool known = nearest_file_system(path, &nearest, &file_system) && stat(nearest, &status) == 0;
    if (known && !S_ISDIR(status.st_mode)) {
        errno = ENOTDIR;
        known = false;
    }
    bool may = known && access(nearest, W_OK | X_OK) == 0;
    if (!may)
        error_errno(error, "can't write in directory %s", nearest);
    else if (file_system.f_blocks == 0)
        may = error_set(error, ERROR_OTHER, "directory %s is on a file system that holds no files",
                        nearest);
    free(nearest);
    return may;
}

char *file_join(const char *directory, const char *name)
{
    return xprintf("%s%s%s", directory, text_ends(directory, "/") ? "" : "/", name);
}

/* Without HOME, as in a cron job, the user's entry in the password file says it. */
static const char *home_directory(void)
{
    const char *home = getenv("HOME");
    const struct passwd *user = home && *home ? NULL : getpwuid(getuid());
    return user ? user->pw_dir : home;
}

char *file_absolute(const char *path)
{
    const char *home = path[0] == '~' ? home_directory() : NULL;
    if (home && (!strcmp(path, "~") || text_starts(path, "~/")))
        return xprintf("%s%s", home, path + 1);
    if (path[0] == '/')
        return xstrdup(path);
    char *directory = getcwd(NULL, 0);
    if (!directory)
        return xstrdup(path);
    char *absolute = file_join(directory, text_starts(path, "./") ? path + 2 : path);
    free(directory);
    return absolute;
}

char *file_absolute_beside(const char *path, const char *beside)
{
    if (!beside || !*beside || path[0] == '/' || path[0] == '~')
        return file_absolute(path);
    char *neighbour =
        file_exists(beside) ? xstrdup(beside) : xstrndup(beside, strcspn(beside, ","));
    char *absolute = file_absolute(neighbour), *directory = directory_of(absolute);
    char *joined = file_join(directory, path);
    free(directory);
    free(absolute);
    free(neighbour);
    return joined;
}

bool file_owner_stays(const char *path, struct error *error)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return error_errno(error, "can't look at %s", path);
    if (geteuid() == 0 ||
        (status.st_uid == geteuid() && (status.st_gid == getegid() || group_member(status.st_gid))))
        return true;
    error_set(error, ERROR_OTHER,
              "%s belongs to user %u, group %u; an edit by this user would make it another's", path,
              (unsigned)status.st_uid, (unsigned)status.st_gid);
    return error_remedy(error, "Run pgrunbook as that user or as root, or make the file your own: "
                               "who reads it now has to go on reading it.");
}

struct sha256 {
    EVP_MD_CTX *context;
};

struct sha256 *sha256_new(void)
{
    struct sha256 *hash = xcalloc(1, sizeof *hash);
    hash->context = EVP_MD_CTX_new();
    if (!hash->context || EVP_DigestInit_ex(hash->context, EVP_sha256(), NULL) != 1) {
        fputs("pgrunbook: libcrypto offers no SHA-256\n", stderr);
        abort();
    }
    return hash;
}

void sha256_update(struct sha256 *hash, const void *bytes, size_t length)
{
    EVP_DigestUpdate(hash->context, bytes, length);
}

void sha256_finish(struct sha256 *hash, char hex[SHA256_HEX_SIZE])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int length = 0;
    EVP_DigestFinal_ex(hash->context, digest, &length);
    for (unsigned int i = 0; i < length && 2 * i + 2 < SHA256_HEX_SIZE; i++)
        snprintf(hex + (size_t)2 * i, 3, "%02x", digest[i]);
    EVP_MD_CTX_free(hash->context);
    free(hash);
}

void sha256_bytes(const void *bytes, size_t length, char hex[SHA256_HEX_SIZE])
{
    struct sha256 *hash = sha256_new();
    sha256_update(hash, bytes, length);
    sha256_finish(hash, hex);
}

bool sha256_file(const char *path, char hex[SHA256_HEX_SIZE], struct error *error)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return error_errno(error, "can't open %s", path);
    struct sha256 *hash = sha256_new();
    char buffer[65536];
    ssize_t got;
    while ((got = read(file, buffer, sizeof buffer)) > 0 || (got < 0 && errno == EINTR))
        if (got > 0)
            sha256_update(hash, buffer, (size_t)got);
    int saved = errno;
    close(file);
    sha256_finish(hash, hex);
    errno = saved;
    return got == 0 || error_errno(error, "can't read %s", path);
}
