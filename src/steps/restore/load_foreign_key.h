/* load_foreign_key.h: a foreign key of a dump, made in the way that is checked fastest. */
#ifndef STEPS_RESTORE_LOAD_FOREIGN_KEY_H
#define STEPS_RESTORE_LOAD_FOREIGN_KEY_H

#include "base/text.h"

/* Adds statements for one transaction that do what `definition`, pg_dump's own, does. */
void load_foreign_key_add(struct text *sql, const char *definition);

#endif
