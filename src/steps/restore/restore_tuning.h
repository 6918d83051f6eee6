/* restore_tuning.h: session settings for a restore, by what the machine of its container has. */
#ifndef STEPS_RESTORE_RESTORE_TUNING_H
#define STEPS_RESTORE_RESTORE_TUNING_H

#include "steps/server/server.h"

/* What is to be had; 0 unknown. */
struct restore_machine {
    unsigned long long available; /* bytes of the machine, or the container's limit when less */
    unsigned long long shared;    /* bytes of the container's /dev/shm */
    long cores;
};
/* What is restored into it. */
struct restore_load {
    double bytes; /* of all rows as text, an estimate; 0 unknown */
    long jobs;    /* sessions at once */
};

/* Settings for PGOPTIONS, appended. Index builds dominate a restore: each of two gets an eighth of
 * the memory, 64 MB to 4 GB, and of more as much together; never more than the rows could fill, as
 * pgvector's parallel builds take all of it at once, from shared memory: they are on only where
 * /dev/shm holds one for each job. One build may have all cores: the largest index is often the
 * last.
 * Source: PostgreSQL manual, "Populating a Database"; pgvector's manual, "Index Build Time". */
void restore_tuning(const struct restore_machine *machine, const struct restore_load *load,
                    struct text *options);

/* How many sessions at once leave each of them the least memory; any number where that is unknown.
 */
size_t restore_tuning_most(const struct restore_machine *machine);

/* The same in words, for a plan: nothing has been looked at then. */
const char *restore_tunes(const cJSON *arguments);

/* Looks at the container's process, or asks in the container. What can't be found out stays 0. */
void restore_machine_read(const struct server_access *access, struct restore_machine *machine);

#endif
