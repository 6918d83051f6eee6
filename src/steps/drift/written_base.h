/* written_base.h: where the new server's tables stood when the copy was proven equal: what a later
 * look at it counts its own writes from. */
#ifndef STEPS_DRIFT_WRITTEN_BASE_H
#define STEPS_DRIFT_WRITTEN_BASE_H

#include "postgres/write_position.h"
#include "steps/server/server.h"
#include "steps/step.h"

struct written_base {
    cJSON *tree; /* {system, xid, databases: {NAME: {reset, tables: {"schema.name": [i, u, d]}}}} */
};

/* Reads it from the server and stores it in the run's directory. */
bool written_base_store(const struct step_run *run, const struct server_access *access,
                        struct error *error);
/* What was stored; `tree` is NULL when nothing was. False when it can't be read. */
bool written_base_load(const struct step_run *run, struct written_base *base, struct error *error);
void written_base_free(struct written_base *base);

/* The transaction id that the base was taken at, when it's of this server; else NULL. */
const char *written_base_xid(const struct written_base *base, const struct write_position *now);

/* A table's counters now less those of the base; false when they can't be compared: another server,
 * set to 0 since, or nothing stored. A table that wasn't there begins at 0. */
bool written_base_difference(const struct written_base *base, const struct write_position *position,
                             const char *database, const char *reset,
                             const struct table_counters *now, struct table_counters *difference);

#endif
