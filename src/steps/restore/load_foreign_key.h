/* load_foreign_key.h: a foreign key of a dump, made in the way that is checked fastest. */
#ifndef STEPS_RESTORE_LOAD_FOREIGN_KEY_H
#define STEPS_RESTORE_LOAD_FOREIGN_KEY_H

#include "base/text.h"

/* Adds statements for one transaction that do what `definition`, pg_dump's own, does. Neither table
 * may be partitioned: the key of one that refers can't be made unchecked, and of one that is
 * referred to the partitions' part of the key wouldn't be marked as checked. */
void load_foreign_key_add(struct text *sql, const char *definition);

#endif
