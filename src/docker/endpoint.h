/* endpoint.h: where the Docker engine is, found as the docker command finds it: DOCKER_HOST, a
 * context, or this machine's own socket. */
#ifndef DOCKER_ENDPOINT_H
#define DOCKER_ENDPOINT_H

#include "base/error.h"

#include <stdbool.h>

enum docker_transport { TRANSPORT_SOCKET, TRANSPORT_TCP, TRANSPORT_SSH };

struct docker_endpoint {
    enum docker_transport transport;
    char *address;      /* as DOCKER_HOST would name it: "unix:///var/run/docker.sock" */
    char *context;      /* the context it is from, NULL for none */
    char *socket;       /* the path of a Unix socket, else NULL */
    char *host;         /* without brackets; NULL for a socket */
    char *user;         /* of ssh, NULL for what ssh takes */
    int port;           /* 0: what ssh takes */
    char *certificates; /* directory of ca.pem and, for a client that shows who it is, cert.pem and
                           key.pem; NULL without TLS */
};

/* DOCKER_HOST wins over DOCKER_CONTEXT, which wins over the configuration's currentContext (Docker
 * manual, "Docker contexts"). TLS always verifies; TCP without it is taken only to this machine.
 * ERROR_DOCKER with a remedy otherwise. Reads files and asks nobody. Free in any case. */
bool docker_endpoint_find(struct docker_endpoint *endpoint, struct error *error);
void docker_endpoint_free(struct docker_endpoint *endpoint);

/* Takes an address apart ("unix://PATH", "tcp://HOST[:PORT]", "ssh://[USER@]HOST[:PORT]"), without
 * a look at certificates; `port` is 0 where none is said. */
bool docker_endpoint_read(const char *address, struct docker_endpoint *endpoint,
                          struct error *error);
/* Whether it names another machine than this one. A socket may lead to one as well: what is behind
 * it can't be told by its address. */
bool docker_endpoint_is_remote(const struct docker_endpoint *endpoint);

#endif
