/* slots.c: how many more connections a server takes. */
#include "postgres/slots.h"

#include "base/text.h"

#include <stdlib.h>

#define SLOTS_MOST 1000000

/* The reserve of roles is new in 16. */
static const char slots_sql[] =
    "SELECT pg_catalog.current_setting('max_connections')::int "
    "- pg_catalog.current_setting('superuser_reserved_connections')::int "
    "- coalesce(pg_catalog.current_setting('reserved_connections', true), '0')::int "
    "- (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity "
    "WHERE backend_type = 'client backend')";

bool pg_free_slots(struct pg_connection *connection, long *count, struct error *error)
{
    char *value = pg_value(connection, slots_sql, error);
    if (!value)
        return false;
    if (!text_to_long(value, 0, SLOTS_MOST, count))
        *count = 0; /* less than none: superusers have taken of their reserve */
    free(value);
    return true;
}
