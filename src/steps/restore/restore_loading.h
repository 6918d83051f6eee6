/* restore_loading.h: a restore into a server that was started for loading only: never on data of
 * which a crash may have cost something, and with an ordinary server on synced data in the end. */
#ifndef STEPS_RESTORE_RESTORE_LOADING_H
#define STEPS_RESTORE_RESTORE_LOADING_H

#include "steps/server/server.h"
#include "steps/step.h"

/* Before the server is looked for. When its container has stopped since loading began, what an
 * attempt before has left is thrown away and it begins with an empty volume again. *already: all of
 * the restore is done, and was cut off before it could say so. Servers that weren't started for
 * loading are left alone. */
bool restore_loading_prepare(struct step_run *run, const char *server, bool *already,
                             struct error *error);

/* After the restore, with every other connection to the server closed: stops it in order, starts
 * one without the settings for loading in its place, syncs all files to disk, and looks whether no
 * such setting is left. `access` is found anew then. Source: PostgreSQL manual, "initdb",
 * --sync-only; "Non-Durable Settings". */
bool restore_loading_finish(struct step_run *run, struct server_access *access,
                            struct error *error);
/* Once the restore is on record. */
bool restore_loading_end(struct step_run *run, const struct server_access *access,
                         struct error *error);

#endif
