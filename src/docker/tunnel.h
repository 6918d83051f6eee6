/* tunnel.h: connections to an engine behind ssh: each of them is an ssh process that carries one
 * (as the docker command does it: ssh HOST docker system dial-stdio). */
#ifndef DOCKER_TUNNEL_H
#define DOCKER_TUNNEL_H

#include "docker/endpoint.h"

#include <netinet/in.h>
#include <stddef.h>

/* Those of one client; zero-initialised is none. */
struct tunnels {
    struct tunnel *items;
    size_t count;
    char *words; /* what the last one that was closed had said on standard error, or NULL */
};

/* Starts one: a socket, still to be connected to `address` by the caller (within seconds), or -1
 * with an error. It goes over the loopback interface, as libcurl knows connections to a socket pair
 * or an abstract socket only once, and is let in by its address and port, which are nobody else's.
 * ssh takes the user's configuration, keys and agent, and never asks for anything. Whether it gets
 * through shows in the first answer. */
int tunnel_open(struct tunnels *tunnels, const struct docker_endpoint *endpoint,
                struct sockaddr_in *address, struct error *error);
/* Whether it was ssh that ended, and not what it carried: then what has come may not be all. Call
 * it at the end of the stream; it waits a moment for the process. */
bool tunnel_broke(struct tunnels *tunnels, int socket);
/* Closes the socket and waits for the process, which gets a second to hand on what is on its way.
 */
void tunnel_close(struct tunnels *tunnels, int socket);
/* What ssh, or docker on the other side, has said: of those that are open the newest one's, else
 * the last closed one's. In one line, "" for nothing; the caller frees. */
char *tunnel_words(const struct tunnels *tunnels);
/* What to do about such words, with the command to try by hand. */
bool tunnel_remedy(const struct docker_endpoint *endpoint, const char *words, struct error *error);
/* Closes all. */
void tunnels_end(struct tunnels *tunnels);

#endif
