/* check_backup.h: what pg.check_backup does the same for a file and for a directory. */
#ifndef STEPS_BACKUP_CHECK_BACKUP_H
#define STEPS_BACKUP_CHECK_BACKUP_H

#include "steps/step.h"

/* Holds size and SHA-256 (of a directory: its manifest's) against the fact of this run's own
 * backup; evidence in any case. */
bool check_backup_recorded(struct step_run *run, const char *path, double bytes, const char *sha256,
                           struct error *error);
/* Records what is in it as the fact "backup.contents"; takes ownership of `databases`, an array of
 * names. */
void check_backup_contents(struct step_run *run, const char *path, double bytes, cJSON *databases);

/* A file in plain SQL: whole, and of this run's own the size and SHA-256 that it had. `named`:
 * every database has to be named in it. */
bool check_backup_file(struct step_run *run, const char *path, bool named, struct error *error);
/* A backup's directory: its manifest, every file's size and SHA-256, and that pg_restore finds the
 * rows of every table in it that had rows. */
bool check_backup_directory(struct step_run *run, const char *path, struct error *error);

#endif
