/* attempt.c: the parameters of every connection that the program makes. */
#include "postgres/attempt.h"

#include <arpa/inet.h>
#include <stdio.h>

static bool is_address(const char *host)
{
    unsigned char bytes[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

/* Source: PostgreSQL manual, libpq, "Parameter Key Words". */
PGconn *attempt_start(const struct pg_parameters *parameters)
{
    char port[16];
    snprintf(port, sizeof port, "%d", parameters->port);
    bool address = is_address(parameters->host);
    /* hostaddr spares the look-up, which would block. PGOPTIONS of the environment must not steer
     * us: options is given, and as an empty value would count as none, it's a space. */
    const char *const names[] = {address ? "hostaddr" : "host",
                                 "port",
                                 "user",
                                 "password",
                                 "dbname",
                                 "application_name",
                                 "client_encoding",
                                 "options",
                                 "target_session_attrs",
                                 "keepalives_idle",
                                 "keepalives_interval",
                                 "keepalives_count",
                                 "gssencmode",
                                 NULL};
    const char *const values[] = {parameters->host,
                                  port,
                                  parameters->user,
                                  parameters->password,
                                  parameters->database,
                                  "pgrunbook",
                                  "UTF8",
                                  " ",
                                  "any",
                                  "30",
                                  "10",
                                  "3",
                                  "disable",
                                  NULL};
    PGconn *handle = PQconnectStartParams(names, values, 0);
    if (handle)
        PQsetnonblocking(handle, 0);
    return handle;
}
