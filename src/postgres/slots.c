/* slots.c: how many more connections a server takes, and how many locks. */
#include "postgres/slots.h"

#include "base/text.h"

#include <limits.h>
#include <stdlib.h>

#define SLOTS_MOST 1000000

/* The reserve of roles is new in 16. */
static const char slots_sql[] =
    "SELECT pg_catalog.current_setting('max_connections')::int "
    "- pg_catalog.current_setting('superuser_reserved_connections')::int "
    "- coalesce(pg_catalog.current_setting('reserved_connections', true), '0')::int "
    "- (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity "
    "WHERE backend_type = 'client backend')";

/* In a transaction the view would say the same for ever. Source: PostgreSQL manual, "The Cumulative
 * Statistics System". */
static const char renew_sql[] = "SELECT pg_catalog.pg_stat_clear_snapshot()";

/* Source: PostgreSQL manual, "Lock Management". */
static const char locks_sql[] =
    "SELECT pg_catalog.current_setting('max_locks_per_transaction')::bigint "
    "* (pg_catalog.current_setting('max_connections')::bigint "
    "+ pg_catalog.current_setting('max_prepared_transactions')::bigint)";

bool pg_free_slots(struct pg_connection *connection, long *count, struct error *error)
{
    char *value =
        pg_execute(connection, renew_sql, error) ? pg_value(connection, slots_sql, error) : NULL;
    if (!value)
        return false;
    if (!text_to_long(value, 0, SLOTS_MOST, count))
        *count = 0; /* less than none: superusers have taken of their reserve */
    free(value);
    return true;
}

bool pg_lock_slots(struct pg_connection *connection, long *count, struct error *error)
{
    char *value = pg_value(connection, locks_sql, error);
    bool known = value && (text_to_long(value, 0, LONG_MAX, count) ||
                           error_set(error, ERROR_SERVER, "the server answers %s", value));
    free(value);
    return known;
}
