/* load_cost.h: about how long parts of loading take, so that the longest are begun first. */
#ifndef STEPS_RESTORE_LOAD_COST_H
#define STEPS_RESTORE_LOAD_COST_H

#include "postgres/dump_toc.h"

/* How long a build takes for a byte of its table's rows, if one of a number takes 1. A sort of
 * texts is told by the type of its first column in the definition of `table`, which is a guess: the
 * order of loading and the help for it hang on that, nothing else. */
double load_cost_of_build(const struct toc_entry *build, const struct toc_entry *table);
/* The same of a table's rows. */
double load_cost_of_rows(void);

/* Whether a build gains from several cores at once: HNSW and IVFFlat do. */
bool load_build_is_parallel(const struct toc_entry *build);
/* Whether it is a btree, whose build is a sort. Source: PostgreSQL manual, CREATE INDEX and ALTER
 * TABLE: only btrees have these constraints. */
bool load_build_is_sort(const struct toc_entry *build);
bool load_build_is_foreign_key(const struct toc_entry *build);

#endif
