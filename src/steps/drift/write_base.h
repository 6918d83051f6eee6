/* write_base.h: what the write counters said at the backup's snapshot: kept in the run's directory,
 * as a server may have many thousand tables. */
#ifndef STEPS_DRIFT_WRITE_BASE_H
#define STEPS_DRIFT_WRITE_BASE_H

#include "postgres/write_counters.h"
#include "steps/server/server.h"

#include <stdint.h>

/* Reads the counters of every database and keeps them. Returns {system, inserted, updated, deleted,
 * base}, their sums, for the fact "backup": `base` names what was kept (wall ms). The caller
 * deletes; NULL, with a line in the log, when they can't be read: nothing but the live difference
 * hangs on them. */
cJSON *write_base_note(struct step_run *run, const struct server_access *access);

/* What was kept last. Zero-initialised is nothing; free with write_base_free. */
struct write_base {
    struct write_counters counters;
    int64_t id;       /* `base` above */
    int64_t stamp_ns; /* of the file that was read */
};

/* Reads the file when there is one that wasn't read before; false when there is none. */
bool write_base_refresh(const struct step_run *run, struct write_base *base);
void write_base_free(struct write_base *base);

#endif
