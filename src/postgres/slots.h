/* slots.h: how many more connections a server takes. */
#ifndef POSTGRES_SLOTS_H
#define POSTGRES_SLOTS_H

#include "postgres/connection.h"

/* Slots that are neither taken nor kept for superusers or roles.
 * Source: PostgreSQL manual, "Connection Settings". */
bool pg_free_slots(struct pg_connection *connection, long *count, struct error *error);

#endif
