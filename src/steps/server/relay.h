/* relay.h: a server inside of a container that has no network, or none that leads here, reached
 * through commands in that container. */
#ifndef STEPS_SERVER_RELAY_H
#define STEPS_SERVER_RELAY_H

#include "base/error.h"

#include <stdbool.h>

/* A child process that takes connections on a Unix socket and opens for each of them one to the
 * server's port inside of the container. Only this user is let in. It works with every engine that
 * can be reached, by any user who may use it, and ends with the process that started it. */
struct relay;

struct relay_target {
    const char *container; /* name or id */
    int port;              /* where the server listens in it */
    /* For who wants to see what clients see: while the container is on no network, nobody gets
     * through here either. */
    bool as_client;
};

/* NULL with `error`. */
struct relay *relay_start(const struct relay_target *target, struct error *error);
/* The host that libpq takes for the relay's socket ("@NAME", an abstract Unix socket, which leaves
 * nothing in any directory); stays the relay's. Source: PostgreSQL manual, libpq, "host". */
const char *relay_host(const struct relay *relay);
/* Ends it with every connection through it. NULL is allowed. */
void relay_end(struct relay *relay);

#endif
