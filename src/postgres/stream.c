/* stream.c: results row by row, and COPY from one connection into another. */
#include "postgres/stream.h"

#include "postgres/connection_parts.h"

#include <stdlib.h>

bool pg_stream_begin(struct pg_connection *connection, const char *sql, struct error *error)
{
    return pg_send(connection, sql, error) &&
           (PQsetSingleRowMode(pg_handle(connection)) || pg_failed(connection, NULL, error));
}

/* Takes the results up to the end, so that the next statement can be sent. */
static void drain(struct pg_connection *connection)
{
    PGresult *result;
    while ((result = PQgetResult(pg_handle(connection))))
        PQclear(result);
}

bool pg_stream_next(struct pg_connection *connection, PGresult **row, struct error *error)
{
    *row = NULL;
    PGresult *result = PQgetResult(pg_handle(connection));
    if (PQresultStatus(result) == PGRES_SINGLE_TUPLE) {
        *row = result;
        return true;
    }
    bool ended = result && PQresultStatus(result) == PGRES_TUPLES_OK;
    if (!ended)
        pg_failed(connection, result, error);
    PQclear(result);
    drain(connection);
    return ended;
}

/* The answer that starts a COPY. */
static bool begin_copy(struct pg_connection *connection, const char *sql, ExecStatusType wanted,
                       struct error *error)
{
    if (!pg_send(connection, sql, error))
        return false;
    PGresult *result = PQgetResult(pg_handle(connection));
    bool begun = PQresultStatus(result) == wanted;
    if (!begun)
        pg_failed(connection, result, error);
    PQclear(result);
    if (!begun)
        drain(connection);
    return begun;
}

/* The answer at its end; *rows grows by what the server says it took. */
static bool end_copy(struct pg_connection *connection, long long *rows, struct error *error)
{
    PGresult *result = PQgetResult(pg_handle(connection));
    bool ended = PQresultStatus(result) == PGRES_COMMAND_OK;
    if (!ended)
        pg_failed(connection, result, error);
    else if (rows)
        *rows += strtoll(PQcmdTuples(result), NULL, 10);
    PQclear(result);
    drain(connection);
    return ended;
}

static bool carry(struct pg_connection *from, struct pg_connection *to, struct error *error)
{
    char *bytes = NULL;
    int length;
    while ((length = PQgetCopyData(pg_handle(from), &bytes, 0)) > 0) {
        bool put = PQputCopyData(pg_handle(to), bytes, length) == 1;
        PQfreemem(bytes);
        if (!put)
            return pg_failed(to, NULL, error);
    }
    return length == -1 || pg_failed(from, NULL, error);
}

bool pg_copy_between(struct pg_connection *from, const char *from_sql, struct pg_connection *to,
                     const char *to_sql, long long *rows, struct error *error)
{
    if (!begin_copy(from, from_sql, PGRES_COPY_OUT, error) ||
        !begin_copy(to, to_sql, PGRES_COPY_IN, error))
        return false;
    bool carried = carry(from, to, error) && end_copy(from, NULL, error);
    /* A row that the target refuses shows only in its last answer. */
    bool told = PQputCopyEnd(pg_handle(to), carried ? NULL : "the source failed") == 1;
    if (!told && carried)
        return pg_failed(to, NULL, error);
    return end_copy(to, rows, carried ? error : NULL) && carried;
}
