/* copy_session.c: the session's settings. */
#include "steps/drift/copy_session.h"

#include "postgres/digest.h"

static const char settings[] =
    "SET default_transaction_read_only = off; SET row_security = off; SET statement_timeout = 0; "
    "SET lock_timeout = '60s'; SET idle_in_transaction_session_timeout = 0; "
    "SET client_min_messages = warning; " PG_ENDED_CLIENT_SQL "; " PG_NO_LIMITS_SQL;

struct pg_connection *copy_session_open(const struct server_access *access, const char *database,
                                        struct error *error)
{
    struct pg_parameters parameters = pg_parameters_for(&access->parameters, database);
    struct pg_connection *connection = pg_open_plain(&parameters, 0, error);
    pg_parameters_free(&parameters);
    if (connection &&
        (!pg_execute(connection, settings, error) || !digest_session(connection, error))) {
        pg_close(connection);
        return NULL;
    }
    return connection;
}
