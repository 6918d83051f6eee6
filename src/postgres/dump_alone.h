/* dump_alone.h: what of a dump pg_restore mustn't run beside anything else. */
#ifndef POSTGRES_DUMP_ALONE_H
#define POSTGRES_DUMP_ALONE_H

#include "postgres/dump_toc.h"

/* For each of toc->items whether it has to wait until all others are restored and then go alone, in
 * order; NULL when all may go side by side. The caller frees it. Source: PostgreSQL's
 * pg_backup_archiver.c, identify_locking_dependencies: pg_restore --jobs takes INDEX ATTACH for a
 * statement that locks no table; tablecmds.c, validatePartitionedIndex: it locks the partitioned
 * table, and those above it, against everybody. */
bool *toc_alone(const struct toc *toc);

#endif
