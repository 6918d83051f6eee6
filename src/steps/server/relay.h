/* relay.h: a server inside of a container without a network, reached through commands in that
 * container. */
#ifndef STEPS_SERVER_RELAY_H
#define STEPS_SERVER_RELAY_H

#include "base/error.h"

/* A child process that takes connections on a Unix socket and opens for each of them one to the
 * server's port inside of the container. Only this user is let in. It works with every engine that
 * can be reached, by any user who may use it, and ends with the process that started it. */
struct relay;

/* `container`: name or id; `port`: where the server listens in it. NULL with `error`. */
struct relay *relay_start(const char *container, int port, struct error *error);
/* The host that libpq takes for the relay's socket ("@NAME", an abstract Unix socket, which leaves
 * nothing in any directory); stays the relay's. Source: PostgreSQL manual, libpq, "host". */
const char *relay_host(const struct relay *relay);
/* Ends it with every connection through it. NULL is allowed. */
void relay_end(struct relay *relay);

#endif
