/* reach.h: the way to a server whose container is on no network. */
#ifndef STEPS_SERVER_REACH_H
#define STEPS_SERVER_REACH_H

#include "docker/docker.h"
#include "postgres/connection.h"
#include "steps/server/relay.h"

/* Sets where to connect: 127.0.0.1 inside of the container's network namespace when this process
 * may enter it, else the socket of a relay, which is started for it (*relay, to be ended by the
 * caller after its connections). The container runs. Source: network_namespaces(7). */
bool reach_inside(const struct docker_container *container, int port,
                  struct pg_parameters *parameters, struct relay **relay, struct error *error);

/* The path of the container's network namespace when this process may enter it; NULL else. The
 * caller frees. */
char *reach_namespace(const struct docker_container *container);

/* Takes every network interface out of a container that the engine says is on no network, or whose
 * joining it has refused: engine 20.10 leaves one in there then, which answers for its address as
 * long as anything keeps the namespace, also when the container has been started anew. An error
 * where this process may not enter it. */
bool reach_clear_links(const struct docker_container *container, struct error *error);

/* Lets clients whose first packet came too early, as the container's address was known before its
 * interface was there (engine 20.10), go on at once instead of a second later (base/announce.h).
 * Nothing is done where this process may not enter its namespace. */
bool reach_announce(const struct docker_container *container, struct error *error);

#endif
