/* file.h: whole files read and written so that a crash leaves the old or the new one, and hashes.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/error.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Appends the file's bytes to `content`; more than `limit` bytes is an error. */
bool file_read(const char *path, size_t limit, struct text *content, struct error *error);

/* Writes to a temporary file in the same directory, fsyncs it, renames it over `path` and fsyncs
 * the directory. `mode` is used for a new file; an existing one keeps its mode and owner. A
 * symbolic link is followed, so that what it points to is replaced. */
bool file_write_atomic(const char *path, const void *bytes, size_t length, mode_t mode,
                       struct error *error);

/* As file_write_atomic, but an existing file is an error (used for backups of files). */
bool file_write_new(const char *path, const void *bytes, size_t length, mode_t mode,
                    struct error *error);

/* Gives the file `from` the name `to`, which nothing may have: an error otherwise, with errno
 * EEXIST. The directory is fsynced. */
bool file_rename_new(const char *from, const char *to, struct error *error);

/* Writes all of it to a descriptor, however many calls that takes; false with errno set. */
bool file_write_all(int file, const char *bytes, size_t length);

/* Closes every descriptor from `first` on, as a new process does that must not keep others' pipes,
 * locks and connections open. */
void file_close_from(unsigned first);
/* The same from 3 on but for these two. */
void file_close_all_but(int one, int other);

bool file_exists(const char *path);
/* Creates the directory and its parents with `mode`; one that is there already is no error. */
bool file_make_directories(const char *path, mode_t mode, struct error *error);
bool file_sync_directory(const char *path, struct error *error);
/* Free bytes for this user on the file system that holds `path` (or its nearest parent). */
bool file_free_space(const char *path, unsigned long long *bytes, struct error *error);
/* Whether this user may write in that directory, or make it: the nearest one that is there is
 * looked at. The error says which one and why not. */
bool file_may_write_in(const char *path, struct error *error);
/* Directory and name joined with one '/'; the caller frees. */
char *file_join(const char *directory, const char *name);
/* Expands a leading "~/" from HOME and makes the path absolute; the caller frees. */
char *file_absolute(const char *path);
/* The same, but a relative path is taken beside the file `beside` (of several, with commas between,
 * the first; NULL or "": none); the caller frees. */
char *file_absolute_beside(const char *path, const char *beside);
/* Whether this user can put another file in the place of this one that has the same owner and
 * group: only root can for others. The error says who can. */
bool file_owner_stays(const char *path, struct error *error);

#define SHA256_HEX_SIZE 65
/* Lower-case hexadecimal SHA-256. */
void sha256_bytes(const void *bytes, size_t length, char hex[SHA256_HEX_SIZE]);
bool sha256_file(const char *path, char hex[SHA256_HEX_SIZE], struct error *error);
/* Incremental form, for what is hashed while it is written. */
struct sha256;
struct sha256 *sha256_new(void);
void sha256_update(struct sha256 *hash, const void *bytes, size_t length);
void sha256_finish(struct sha256 *hash, char hex[SHA256_HEX_SIZE]); /* frees the hash */

#endif
