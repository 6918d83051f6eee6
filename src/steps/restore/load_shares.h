/* load_shares.h: how many databases are loaded at once, and what each may have of the machine. */
#ifndef STEPS_RESTORE_LOAD_SHARES_H
#define STEPS_RESTORE_LOAD_SHARES_H

#include "postgres/catalog.h"
#include "steps/restore/restore_tuning.h"

#define LOADED_AT_ONCE_MOST ((size_t)4)

struct load_shares {
    size_t count;   /* of databases that are loaded at once, at least 1 */
    double at_once; /* bytes: that many of them have never more together; 0 with one at a time */
};

/* Each is loaded by `jobs` connections, for all of which there have to be room and memory.
 * Databases that every server has count only when there is something in them. */
struct load_shares load_shares(const struct pg_database_list *databases, long jobs,
                               const struct restore_machine *machine);

/* Takes away what the others may use while a database of so many bytes is loaded: the memory goes
 * by size, so that it's never more together than one database would have by itself, and what is
 * small takes nothing worth mentioning from what is large. */
void load_shares_limit(double bytes, double at_once, struct restore_machine *machine);

#endif
