/* backup_manifest.h: what a backup's directory says about itself: its databases, every file with
 * its size and SHA-256, and that it is complete. It is written last. */
#ifndef STEPS_BACKUP_BACKUP_MANIFEST_H
#define STEPS_BACKUP_BACKUP_MANIFEST_H

#include "base/file.h"
#include "steps/backup/backup_tree.h"

#include <cjson/cJSON.h>

#define BACKUP_MANIFEST "manifest.json"
#define BACKUP_GLOBALS "globals.sql"

/* {pgrunbook_backup: 1, taken, image, pg_dump, server, compress,
 *  databases: [{name, directory, snapshot, lsn, xid, tables: [[schema, table, rows, digest]...]}],
 *  files: [{path, bytes, sha256}], complete: true}; tables are those that have rows in the dump. */

/* Reads and checks its form: names that lead out of the directory, a missing end, another version
 * are errors with a remedy. The caller deletes; NULL on failure. */
cJSON *backup_manifest_read(const char *directory, struct error *error);
/* The same from bytes; `path` is for the errors. */
cJSON *backup_manifest_parse(const char *bytes, size_t length, const char *path,
                             struct error *error);
/* Writes it as a new file, synced; `sha256` gets the file's own. Adds the end mark. */
bool backup_manifest_write(const char *directory, cJSON *manifest, char sha256[SHA256_HEX_SIZE],
                           struct error *error);

/* Bytes of all files, without the manifest. */
unsigned long long backup_manifest_bytes(const cJSON *manifest);

/* Whether the directory holds exactly the manifest's files, each as large as it says. */
bool backup_manifest_fits(const cJSON *manifest, const char *directory,
                          const struct backup_tree *tree, struct error *error);

/* Removes a backup's directory: the manifest's files, then the directory. Refuses, and removes
 * nothing, when anything else is in it. One that is empty goes too. */
bool backup_manifest_remove(const char *directory, struct error *error);

#endif
