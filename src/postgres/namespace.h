/* namespace.h: connecting from inside of another network namespace, such as a container's. */
#ifndef POSTGRES_NAMESPACE_H
#define POSTGRES_NAMESPACE_H

#include "base/error.h"

#include <stdbool.h>

/* A visit to a network namespace; `own` leads back, -1 when there is nothing to go back from. */
struct namespace_visit {
    int own;
};

/* The calling thread's sockets are made in the namespace at `path` ("/proc/PID/ns/net") from now
 * on, and stay in it; NULL for no visit. Needs CAP_SYS_ADMIN. Leave after a success.
 * Source: setns(2), network_namespaces(7). */
bool namespace_enter(const char *path, struct namespace_visit *visit, struct error *error);
/* Ends the process when there is no way back: nothing it did would reach what it means. */
void namespace_leave(struct namespace_visit *visit);

#endif
