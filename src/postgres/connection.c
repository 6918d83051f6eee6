/* connection.c: connecting with a time limit of our own, statements, and what went wrong in them.
 */
#include "postgres/connection.h"

#include "base/clock.h"
#include "postgres/attempt.h"
#include "postgres/connection_parts.h"
#include "postgres/namespace.h"
#include "postgres/trouble.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define NOTICES_MAX ((size_t)64 << 10)

struct pg_connection {
    PGconn *handle;
    char *display;
    char *network_namespace; /* as in pg_parameters */
    char *sending;           /* the statement whose answer is awaited, for messages */
    bool silent;             /* statements may hold what messages must not */
    long limit_ms;           /* of one answer, 0: none */
    int64_t deadline_ms;
    struct text notices;
};

/* Source: PostgreSQL manual, "Client Connection Defaults". row_security off turns a policy that
 * would hide rows into an error. */
static const char reading_settings[] =
    "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY; SET row_security = off; "
    "SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0; "
    "SET search_path = pg_catalog; SET client_min_messages = warning; " PG_ENDED_CLIENT_SQL
    "; " PG_NO_LIMITS_SQL;

void pg_parameters_free(struct pg_parameters *parameters)
{
    free(parameters->host);
    free(parameters->network_namespace);
    free(parameters->user);
    if (parameters->password)
        explicit_bzero(parameters->password, strlen(parameters->password));
    free(parameters->password);
    free(parameters->database);
    free(parameters->display);
    *parameters = (struct pg_parameters){0};
}

static char *copy(const char *string)
{
    return string ? xstrdup(string) : NULL;
}

struct pg_parameters pg_parameters_for(const struct pg_parameters *parameters, const char *database)
{
    return (struct pg_parameters){
        .host = copy(parameters->host),
        .port = parameters->port,
        .network_namespace = copy(parameters->network_namespace),
        .user = copy(parameters->user),
        .password = copy(parameters->password),
        .database = xstrdup(database),
        .display = copy(parameters->display),
    };
}

static void take_notice(void *context, const char *message)
{
    struct pg_connection *connection = context;
    if (connection->notices.length < NOTICES_MAX)
        text_add(&connection->notices, message);
}

/* Waits until the socket is ready or the deadline (monotonic, 0: none) has passed. */
static bool wait_ready(const PGconn *handle, short events, int64_t deadline_ms)
{
    for (;;) {
        int64_t left = deadline_ms ? deadline_ms - clock_monotonic_ms() : -1;
        if (deadline_ms && left <= 0)
            return false;
        struct pollfd entry = {.fd = PQsocket(handle), .events = events};
        int count = poll(&entry, 1, (int)left);
        if (count > 0)
            return true;
        if (count < 0 && errno != EINTR)
            return false;
    }
}

static bool enter(const struct pg_parameters *parameters, struct namespace_visit *visit,
                  struct error *error)
{
    return namespace_enter(parameters->network_namespace, visit, error) ||
           error_wrap(error, "can't connect to %s", parameters->display);
}

/* A connection that is refused with TLS is tried again without it, on a socket of its own: that has
 * to be made in the namespace as well. */
static bool poll_inside(PGconn *handle, const struct pg_parameters *parameters,
                        PostgresPollingStatusType *status, struct error *error)
{
    struct namespace_visit visit;
    if (!enter(parameters, &visit, error))
        return false;
    *status = PQconnectPoll(handle);
    namespace_leave(&visit);
    return true;
}

static bool finish_connecting(PGconn *handle, const struct pg_parameters *parameters,
                              long timeout_ms, struct error *error)
{
    const char *display = parameters->display;
    int64_t deadline = clock_monotonic_ms() + timeout_ms;
    PostgresPollingStatusType status = PGRES_POLLING_WRITING;
    while (status == PGRES_POLLING_READING || status == PGRES_POLLING_WRITING) {
        short events = status == PGRES_POLLING_READING ? POLLIN : POLLOUT;
        if (!wait_ready(handle, events, deadline)) {
            char *message = xprintf("no answer within %ld ms", timeout_ms);
            trouble_connecting(error, display, message);
            free(message);
            return false;
        }
        if (!poll_inside(handle, parameters, &status, error))
            return false;
    }
    return status == PGRES_POLLING_OK || trouble_connecting(error, display, PQerrorMessage(handle));
}

static PGconn *start_inside(const struct pg_parameters *parameters, struct error *error)
{
    struct namespace_visit visit;
    if (!enter(parameters, &visit, error))
        return NULL;
    PGconn *handle = attempt_start(parameters);
    namespace_leave(&visit);
    if (handle && PQstatus(handle) != CONNECTION_BAD)
        return handle;
    trouble_connecting(error, parameters->display,
                       handle ? PQerrorMessage(handle) : "out of memory");
    PQfinish(handle);
    return NULL;
}

struct pg_connection *pg_open_plain(const struct pg_parameters *parameters, long timeout_ms,
                                    struct error *error)
{
    PGconn *handle = start_inside(parameters, error);
    if (!handle)
        return NULL;
    if (!finish_connecting(handle, parameters, timeout_ms ? timeout_ms : PG_CONNECT_TIMEOUT_MS,
                           error)) {
        PQfinish(handle);
        return NULL;
    }
    struct pg_connection *connection = xcalloc(1, sizeof *connection);
    connection->handle = handle;
    connection->display = xstrdup(parameters->display);
    connection->network_namespace = copy(parameters->network_namespace);
    connection->silent = true;
    PQsetNoticeProcessor(handle, take_notice, connection);
    return connection;
}

struct pg_connection *pg_open(const struct pg_parameters *parameters, long timeout_ms,
                              struct error *error)
{
    struct pg_connection *connection = pg_open_plain(parameters, timeout_ms, error);
    if (connection && !pg_execute(connection, reading_settings, error)) {
        error_wrap(error, "preparing a session on %s", parameters->display);
        pg_close(connection);
        return NULL;
    }
    if (connection)
        connection->silent = false;
    return connection;
}

void pg_close(struct pg_connection *connection)
{
    if (!connection)
        return;
    PQfinish(connection->handle);
    free(connection->display);
    free(connection->network_namespace);
    free(connection->sending);
    text_free(&connection->notices);
    free(connection);
}

bool pg_may_come_up(const struct error *error)
{
    return error->kind == ERROR_SERVER && trouble_passes(error->message);
}

bool pg_wants_password(const struct error *error)
{
    return error->kind == ERROR_SERVER && strstr(error->message, "no password supplied") != NULL;
}

bool pg_used_password(const struct pg_connection *connection)
{
    return PQconnectionUsedPassword(connection->handle);
}

bool pg_no_slot(const struct error *error)
{
    return error->kind == ERROR_SERVER && (strstr(error->message, "too many clients") ||
                                           strstr(error->message, "too many connections") ||
                                           strstr(error->message, "remaining connection slots"));
}

int pg_socket(const struct pg_connection *connection)
{
    return PQsocket(connection->handle);
}

/* It makes a connection of its own, to where the statement's goes. */
void pg_cancel(struct pg_connection *connection)
{
    char words[256];
    struct namespace_visit visit;
    struct error ignored = ERROR_INIT;
    PGcancel *cancel = PQgetCancel(connection->handle);
    if (cancel && namespace_enter(connection->network_namespace, &visit, &ignored)) {
        PQcancel(cancel, words, (int)sizeof words);
        namespace_leave(&visit);
    }
    PQfreeCancel(cancel);
}

void pg_limit(struct pg_connection *connection, long milliseconds)
{
    connection->limit_ms = milliseconds;
}

bool pg_failed(struct pg_connection *connection, const PGresult *result, struct error *error)
{
    const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    const char *message = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    if (!message || !*message)
        message = PQerrorMessage(connection->handle);
    trouble_statement(error, state, message, connection->silent ? NULL : connection->sending);
    return error_wrap(error, "%s, database %s", connection->display, pg_database(connection));
}

static void note_sending(struct pg_connection *connection, const char *sql)
{
    free(connection->sending);
    connection->sending = xstrdup(sql);
    connection->deadline_ms =
        connection->limit_ms ? clock_monotonic_ms() + connection->limit_ms : 0;
}

bool pg_send(struct pg_connection *connection, const char *sql, struct error *error)
{
    note_sending(connection, sql);
    return PQsendQuery(connection->handle, sql) || pg_failed(connection, NULL, error);
}

static bool late(struct pg_connection *connection, struct error *error)
{
    return error_set(error, ERROR_SERVER, "%s: no answer within %ld ms", connection->display,
                     connection->limit_ms);
}

/* Reads until a whole answer is there; with `wait` false only what has come. */
static bool fill(struct pg_connection *connection, bool wait, bool *busy, struct error *error)
{
    for (;;) {
        if (!PQconsumeInput(connection->handle))
            return pg_failed(connection, NULL, error);
        *busy = PQisBusy(connection->handle);
        if (!*busy || !wait)
            return true;
        if (!wait_ready(connection->handle, POLLIN, connection->deadline_ms))
            return late(connection, error);
    }
}

/* The last result of the statements that were sent, the first failed one if any. */
bool pg_take_result(struct pg_connection *connection, bool wait, PGresult **result,
                    struct error *error)
{
    PGresult *last = NULL;
    *result = NULL;
    for (;;) {
        bool busy = false;
        /* Once one result is there the others follow at once: no need to keep it between calls. */
        if (!fill(connection, wait || last, &busy, error)) {
            PQclear(last);
            return false;
        }
        if (busy)
            return true;
        PGresult *next = PQgetResult(connection->handle);
        if (!next)
            break;
        if (last && PQresultStatus(last) == PGRES_FATAL_ERROR) {
            PQclear(next);
            continue;
        }
        PQclear(last);
        last = next;
    }
    ExecStatusType status = PQresultStatus(last);
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY) {
        *result = last;
        return true;
    }
    pg_failed(connection, last, error);
    PQclear(last);
    return false;
}

bool pg_execute(struct pg_connection *connection, const char *sql, struct error *error)
{
    PGresult *result = NULL;
    bool done = pg_send(connection, sql, error) && pg_take_result(connection, true, &result, error);
    PQclear(result);
    return done;
}

PGresult *pg_query(struct pg_connection *connection, const char *sql, int count,
                   const char *const *values, struct error *error)
{
    PGresult *result = NULL;
    note_sending(connection, sql);
    if (!PQsendQueryParams(connection->handle, sql, count, NULL, values, NULL, NULL, 0)) {
        pg_failed(connection, NULL, error);
        return NULL;
    }
    return pg_take_result(connection, true, &result, error) ? result : NULL;
}

char *pg_value(struct pg_connection *connection, const char *sql, struct error *error)
{
    PGresult *result = pg_query(connection, sql, 0, NULL, error);
    if (!result)
        return NULL;
    char *value = PQntuples(result) ? xstrdup(pg_field(result, 0, 0)) : NULL;
    PQclear(result);
    if (!value)
        error_set(error, ERROR_SERVER, "%s, database %s: no row from: %s", connection->display,
                  pg_database(connection), sql);
    return value;
}

/* Takes over what libpq quoted; NULL when it couldn't. */
static bool add_quoted(struct pg_connection *connection, struct text *sql, char *quoted,
                       const char *plain, struct error *error)
{
    if (!quoted)
        return error_set(error, ERROR_SERVER, "can't quote \"%s\": %s", plain,
                         PQerrorMessage(connection->handle));
    text_add(sql, quoted);
    PQfreemem(quoted);
    return true;
}

bool pg_add_identifier(struct pg_connection *connection, struct text *sql, const char *name,
                       struct error *error)
{
    char *quoted = PQescapeIdentifier(connection->handle, name, strlen(name));
    return add_quoted(connection, sql, quoted, name, error);
}

bool pg_add_literal(struct pg_connection *connection, struct text *sql, const char *value,
                    struct error *error)
{
    char *quoted = PQescapeLiteral(connection->handle, value, strlen(value));
    return add_quoted(connection, sql, quoted, value, error);
}

PGconn *pg_handle(struct pg_connection *connection)
{
    return connection->handle;
}

const char *pg_database(const struct pg_connection *connection)
{
    const char *name = PQdb(connection->handle);
    return name ? name : "";
}

int pg_version(const struct pg_connection *connection)
{
    return PQserverVersion(connection->handle);
}

bool pg_in_transaction(const struct pg_connection *connection)
{
    return PQtransactionStatus(connection->handle) != PQTRANS_IDLE;
}

const char *pg_notices(const struct pg_connection *connection)
{
    return text_string(&connection->notices);
}

const char *pg_field(const PGresult *result, int row, int column)
{
    return PQgetvalue(result, row, column);
}

long long pg_number(const PGresult *result, int row, int column)
{
    return strtoll(pg_field(result, row, column), NULL, 10);
}

bool pg_true(const PGresult *result, int row, int column)
{
    return pg_field(result, row, column)[0] == 't';
}
