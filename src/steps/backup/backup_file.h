/* backup_file.h: a backup while it is written: beside its place, hashed, looked through, and put in
 * place only when it is whole. */
#ifndef STEPS_BACKUP_BACKUP_FILE_H
#define STEPS_BACKUP_BACKUP_FILE_H

#include "base/error.h"
#include "base/file.h"
#include "postgres/dump.h"

struct backup_file;

/* Creates PATH.partial with mode 0600, over what an attempt before has left, and the directory with
 * 0700 when there is none. NULL on failure. */
struct backup_file *backup_file_begin(const char *path, struct error *error);
/* A full disk is an error with the remedy. */
bool backup_file_write(struct backup_file *file, const char *bytes, size_t length,
                       struct error *error);
const struct dump_summary *backup_file_summary(const struct backup_file *file);
/* Checks that the dump is whole, syncs it and gives it its name. Without `replace`, a file that has
 * come there meanwhile is an error. */
bool backup_file_finish(struct backup_file *file, bool replace, char sha256[SHA256_HEX_SIZE],
                        struct error *error);
/* Frees; what wasn't finished is removed. NULL is fine. */
void backup_file_close(struct backup_file *file);

#endif
