/* slots.h: how many more connections a server takes, and how many locks. */
#ifndef POSTGRES_SLOTS_H
#define POSTGRES_SLOTS_H

#include "postgres/connection.h"

/* Slots that are neither taken nor kept for superusers or roles.
 * Source: PostgreSQL manual, "Connection Settings". */
bool pg_free_slots(struct pg_connection *connection, long *count, struct error *error);
/* How many tables all sessions together can have locked at once, at least. */
bool pg_lock_slots(struct pg_connection *connection, long *count, struct error *error);

#endif
