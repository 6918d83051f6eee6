/* load_memory.h: how much memory a build gets. */
#ifndef STEPS_RESTORE_LOAD_MEMORY_H
#define STEPS_RESTORE_LOAD_MEMORY_H

#include "steps/restore/load_queue.h"

/* MiB for maintenance_work_mem of a build with so many helping processes, never more than `most`.
 * A sort of texts takes a half to two thirds of the time in runs that fit into the processor's
 * cache, as long as about all of them can be merged in one go; that of numbers no longer. Other
 * builds get all that they can. Source: PostgreSQL's tuplesort.c, tuplesort_merge_order, logtape.c;
 * planner.c, plan_create_index_workers. */
long load_memory(const struct load_item *build, long most, long helpers);

#endif
