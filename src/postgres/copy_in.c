/* copy_in.c: COPY FROM STDIN over a connection that doesn't block. Source: PostgreSQL manual,
 * libpq, "Functions Associated with the COPY Command", "Asynchronous Command Processing". */
#include "postgres/copy_in.h"

#include "postgres/connection_parts.h"

#include <stdlib.h>

bool pg_copy_in_begin(struct pg_connection *connection, const char *sql, struct error *error)
{
    PGconn *handle = pg_handle(connection);
    return (PQsetnonblocking(handle, 1) == 0 || pg_failed(connection, NULL, error)) &&
           pg_send(connection, sql, error);
}

/* What follows a failure says nothing new. */
static bool fail(struct pg_connection *connection, PGresult *result, struct error *error)
{
    pg_failed(connection, result, error);
    PQclear(result);
    return false;
}

bool pg_copy_in_look(struct pg_connection *connection, enum copy_in_state *state, double *rows,
                     struct error *error)
{
    PGconn *handle = pg_handle(connection);
    *state = COPY_IN_WORKING;
    if (!PQconsumeInput(handle))
        return pg_failed(connection, NULL, error);
    while (!PQisBusy(handle)) {
        PGresult *result = PQgetResult(handle);
        ExecStatusType status = PQresultStatus(result);
        if (!result) {
            *state = COPY_IN_ENDED;
            return true;
        }
        if (status != PGRES_COPY_IN && status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK &&
            status != PGRES_EMPTY_QUERY)
            return fail(connection, result, error);
        *rows += strtod(PQcmdTuples(result), NULL); /* "" where there are none to count */
        PQclear(result);
        if (status == PGRES_COPY_IN) {
            *state = COPY_IN_WANTED;
            return true;
        }
    }
    return true;
}

bool pg_copy_in_put(struct pg_connection *connection, const char *bytes, size_t length,
                    struct error *error)
{
    return PQputCopyData(pg_handle(connection), bytes, (int)length) == 1 ||
           pg_failed(connection, NULL, error);
}

bool pg_copy_in_end(struct pg_connection *connection, struct error *error)
{
    return PQputCopyEnd(pg_handle(connection), NULL) == 1 || pg_failed(connection, NULL, error);
}

bool pg_copy_in_send(struct pg_connection *connection, bool *unsent, struct error *error)
{
    int rest = PQflush(pg_handle(connection));
    *unsent = rest > 0;
    return rest >= 0 || pg_failed(connection, NULL, error);
}
