/* trouble.c: known ways a server refuses a connection or a statement, each with what to do. */
#include "postgres/trouble.h"

#include "base/text.h"

#include <string.h>

/* libpq hands out no SQLSTATE of a failed connection, so that its text has to do. A server's words
 * may be translated; then only libpq's own fit. */
static const struct {
    const char *words; /* part of the message */
    bool passes;       /* waiting may mend it */
    const char *remedy;
} connecting[] = {
    {"password authentication failed", false,
     "Check the variables user and password: they have to be those of the server's superuser."},
    {"no password supplied", false, "The server wants a password: set the variable password."},
    {"no pg_hba.conf entry", false,
     "The server's pg_hba.conf refuses this user from this address: add a line for it and reload."},
    {"too many connections", true,
     "The role or the database has a connection limit: raise it (ALTER ROLE or ALTER DATABASE ... "
     "CONNECTION LIMIT -1), or close idle sessions."},
    {"role \"", false, "Check the variable user: the server has no such role."},
    {"database \"", false, "Check the name of the database: the server has no such one."},
    {"the database system is", true,
     "The server is starting up, shutting down or recovering: wait a moment, then retry."},
    {"too many clients", true,
     "The server has no connection left: close idle sessions or raise max_connections, then "
     "retry."},
    {"remaining connection slots", true,
     "The server has no connection left: close idle sessions or raise max_connections, then "
     "retry."},
    {"Connection refused", true,
     "Nothing listens there. Check that the container runs (docker ps), which port it publishes "
     "(docker port CONTAINER), and that the server accepts connections (pg_isready in it)."},
    {"server closed the connection unexpectedly", true,
     "The port is published, but no server answers behind it: look at docker logs CONTAINER."},
    {"Connection reset", true,
     "The port is published, but no server answers behind it: look at docker logs CONTAINER."},
    {"no answer within", true,
     "The address doesn't answer. Check the host and the port, and whether the server hangs "
     "(docker "
     "logs CONTAINER)."},
    {"could not translate host name", false,
     "The host's name isn't known: check the variable live_host."},
    {"No route to host", true, "Check the host, and the Docker network the container is on."},
    {"Network is unreachable", true, "Check the host, and the Docker network the container is on."},
    {"received invalid response", false,
     "What listens on that port is not PostgreSQL: check the port."},
};

/* Source: PostgreSQL manual, "PostgreSQL Error Codes". */
static const struct {
    const char *state;
    const char *remedy;
} statements[] = {
    {"53100", "The server's disk is full: make room on it (docker system df), then retry."},
    {"53200", "The server ran out of memory or of locks: raise the container's memory limit or "
              "max_locks_per_transaction."},
    {"42501", "The role may not read this. Use a superuser (variable user): a backup has to see "
              "every row."},
    {"57P01", "The server was stopped or ended this session: look at its log."},
    {"40P01", "Two sessions waited for each other: retry."},
    {"42P01", "A table was dropped or renamed meanwhile: retry."},
    {"55P03", "A client holds a lock on that table for long: look for it in pg_locks and "
              "pg_stat_activity, end it or wait for it, then retry."},
    {"57014", "The statement was cancelled: look for who did it, then retry."},
};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

/* One line: the server's messages come with newlines between their parts. */
static void add_one_line(struct text *text, const char *message)
{
    for (; *message; message++) {
        bool end = *message == '\n';
        if (end && !message[1])
            break;
        text_append(text, end ? " " : message, 1);
        while (end && (message[1] == ' ' || message[1] == '\t' || message[1] == '\n'))
            message++;
    }
}

static size_t connecting_row(const char *message)
{
    size_t row = 0;
    while (row < COUNT(connecting) && !strstr(message, connecting[row].words))
        row++;
    return row;
}

bool trouble_connecting(struct error *error, const char *display, const char *message)
{
    struct text line = {0};
    add_one_line(&line, message);
    error_set(error, ERROR_SERVER, "can't connect to %s: %s", display, text_string(&line));
    text_free(&line);
    size_t row = connecting_row(message);
    if (row < COUNT(connecting))
        error_remedy(error, "%s", connecting[row].remedy);
    return false;
}

bool trouble_passes(const char *message)
{
    size_t row = connecting_row(message);
    return row < COUNT(connecting) && connecting[row].passes;
}

#define STATEMENT_SHOWN 160

bool trouble_statement(struct error *error, const char *state, const char *message,
                       const char *statement)
{
    struct text line = {0};
    add_one_line(&line, message);
    if (state && *state)
        text_printf(&line, " (SQLSTATE %s)", state);
    char shown[STATEMENT_SHOWN];
    text_copy(shown, sizeof shown, statement ? statement : "");
    if (*shown)
        text_printf(&line, " in: %s%s", shown,
                    statement && strlen(statement) >= sizeof shown ? "..." : "");
    error_set(error, ERROR_SERVER, "%s", text_string(&line));
    text_free(&line);
    for (size_t i = 0; state && i < COUNT(statements); i++)
        if (!strcmp(statements[i].state, state))
            error_remedy(error, "%s", statements[i].remedy);
    return false;
}
