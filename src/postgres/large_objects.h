/* large_objects.h: a database's large objects, compared between two servers and copied from one to
 * the other. */
#ifndef POSTGRES_LARGE_OBJECTS_H
#define POSTGRES_LARGE_OBJECTS_H

#include "postgres/merge.h"

/* Calls `found` for each large object whose contents, owner or grants aren't the same on both; its
 * number is the row's position. Holes and zeros are the same, as reading can't tell them apart.
 * Both connections need digest_session. */
bool large_objects_compare(struct pg_connection *old, struct pg_connection *new, merge_found *found,
                           void *context, struct error *error);

/* Gives `new`, which has to be in a transaction, what the old server has under that number; with
 * owner and grants. Source: PostgreSQL manual, "Server-side
 * Functions" of large objects. */
bool large_object_copy(struct pg_connection *old, struct pg_connection *new,
                       enum difference_kind kind, long long number, struct error *error);
/* Both in one: all that differ. *count grows by how many that were. */
bool large_objects_copy(struct pg_connection *old, struct pg_connection *new, size_t *count,
                        struct error *error);

#endif
