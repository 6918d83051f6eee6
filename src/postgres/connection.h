/* connection.h: a connection to one PostgreSQL database, with statements whose failures come as
 * errors an operator can read. */
#ifndef POSTGRES_CONNECTION_H
#define POSTGRES_CONNECTION_H

#include "base/error.h"
#include "base/text.h"

#include <libpq-fe.h>
#include <stdbool.h>

/* Where a server is and who asks. The strings are owned by the structure. */
struct pg_parameters {
    char *host; /* name, address, or where libpq looks for a Unix socket: "/DIRECTORY", "@NAME" */
    int port;
    char *network_namespace; /* in which to connect, as in namespace.h; NULL for our own */
    char *user;
    char *password; /* or NULL; never part of a message */
    char *database;
    char *display; /* how messages call the server: "limor-postgres (127.0.0.1:5432)" */
};

void pg_parameters_free(struct pg_parameters *parameters);
/* A copy that asks for another database; free it as well. */
struct pg_parameters pg_parameters_for(const struct pg_parameters *parameters,
                                       const char *database);

#define PG_CONNECT_TIMEOUT_MS 10000

/* What may end an idle session or a long transaction: not everywhere there before 14 and 17.
 * Source: PostgreSQL manual, "Client Connection Defaults". */
#define PG_NO_LIMITS_SQL                                                                           \
    "SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings "                  \
    "WHERE name IN ('idle_session_timeout', 'transaction_timeout')"

/* Ends a statement, and with it its locks, whose client was killed. Not there before 14. */
#define PG_ENDED_CLIENT_SQL                                                                        \
    "SELECT pg_catalog.set_config(name, '2s', false) FROM pg_catalog.pg_settings "                 \
    "WHERE name = 'client_connection_check_interval'"

struct pg_connection;

/* Connects within `timeout_ms` (0: PG_CONNECT_TIMEOUT_MS) and prepares the session for reading:
 * read-only transactions, row_security off (so that a policy is an error and never a smaller
 * count), no time limits of the server's. A failure is ERROR_SERVER with a remedy for the known
 * causes. Source: PostgreSQL manual, libpq, "Database Connection Control Functions". */
struct pg_connection *pg_open(const struct pg_parameters *parameters, long timeout_ms,
                              struct error *error);
/* The same with the session's settings left as the server and the role have them; its errors don't
 * show the statements, which may hold a secret. */
struct pg_connection *pg_open_plain(const struct pg_parameters *parameters, long timeout_ms,
                                    struct error *error);
void pg_close(struct pg_connection *connection);

/* Why the last pg_open failed is worth another attempt: the server starts, stops, refuses or
 * doesn't listen yet. A wrong password is not. Judged by error.kind and the message's SQLSTATE. */
bool pg_may_come_up(const struct error *error);

/* Every answer has to come within this many milliseconds from now on (0: no limit, the default). */
void pg_limit(struct pg_connection *connection, long milliseconds);

/* Statements without rows, several separated by ';'. */
bool pg_execute(struct pg_connection *connection, const char *sql, struct error *error);
/* One statement with text parameters $1, $2...; NULL on failure, else the caller's to PQclear. */
PGresult *pg_query(struct pg_connection *connection, const char *sql, int count,
                   const char *const *values, struct error *error);
/* The first value of the first row, copied; NULL with `error` when the statement fails or gives no
 * row, "" for SQL NULL. */
char *pg_value(struct pg_connection *connection, const char *sql, struct error *error);

/* Sends without waiting; pg_take_result then asks for the answer. */
bool pg_send(struct pg_connection *connection, const char *sql, struct error *error);
/* With `wait` false: *result stays NULL while the server works. With `wait` true it blocks. The
 * caller clears the result. */
bool pg_take_result(struct pg_connection *connection, bool wait, PGresult **result,
                    struct error *error);

/* Whether connecting failed only as the server wants a password and none was given: it accepts
 * connections then, as one that starts up or recovers refuses before it asks. Source: PostgreSQL
 * manual, "pg_isready", which counts the same as accepting. */
bool pg_wants_password(const struct error *error);
/* Whether the server asked for the password when this connection was made, in any form. Source:
 * PostgreSQL manual, libpq, PQconnectionUsedPassword. */
bool pg_used_password(const struct pg_connection *connection);

/* Why the last pg_open failed: the server, the database or the role takes no more sessions. */
bool pg_no_slot(const struct error *error);

/* For poll(): readable once something of an answer has come. */
int pg_socket(const struct pg_connection *connection);
/* Asks the server to end the statement whose answer is awaited; whether it does isn't waited for.
 * Source: PostgreSQL manual, libpq, "Canceling Queries in Progress". */
void pg_cancel(struct pg_connection *connection);

/* An identifier in double quotes, appended. */
bool pg_add_identifier(struct pg_connection *connection, struct text *sql, const char *name,
                       struct error *error);

/* A text as an SQL literal, appended: for statements that take no parameters (COPY). */
bool pg_add_literal(struct pg_connection *connection, struct text *sql, const char *value,
                    struct error *error);

/* The database that this connection is in; the server's version as PQserverVersion says it. */
const char *pg_database(const struct pg_connection *connection);
int pg_version(const struct pg_connection *connection);
bool pg_in_transaction(const struct pg_connection *connection);
/* NOTICE and WARNING messages so far, one a line; the connection's own. */
const char *pg_notices(const struct pg_connection *connection);

/* Text of a field, "" for NULL; whole numbers and truth values as SQL writes them. */
const char *pg_field(const PGresult *result, int row, int column);
long long pg_number(const PGresult *result, int row, int column);
bool pg_true(const PGresult *result, int row, int column);

#endif
