/* restore_tuning.h: session settings for a restore, by the memory that the container has. */
#ifndef STEPS_RESTORE_RESTORE_TUNING_H
#define STEPS_RESTORE_RESTORE_TUNING_H

#include "steps/server/server.h"

/* What is to be had, in bytes; 0 unknown. */
struct restore_memory {
    unsigned long long available; /* of the machine, or the container's limit when that is less */
    unsigned long long shared;    /* the container's /dev/shm */
};

/* Settings for PGOPTIONS, appended. Index builds dominate a restore: they get an eighth of the
 * memory, 64 MB to 1 GB; pgvector's parallel builds keep it in shared memory, so that they are on
 * only where /dev/shm holds it. Source: PostgreSQL manual, "Populating a Database"; pgvector's
 * manual, "Index Build Time". */
void restore_tuning(const struct restore_memory *memory, struct text *options);

/* Asks the container. What can't be found out stays 0. */
void restore_memory_read(const struct server_access *access, struct restore_memory *memory);

#endif
