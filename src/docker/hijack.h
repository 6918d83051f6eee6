/* hijack.h: a call whose connection becomes a plain two-way stream (Docker Engine API,
 * "Hijacking"). */
#ifndef DOCKER_HIJACK_H
#define DOCKER_HIJACK_H

#include "docker/connection.h"

struct hijack {
    struct docker *docker;
    CURL *handle;
    int socket;
    bool secure;      /* TLS: its end is sent in TLS, not by the socket */
    struct text rest; /* what came behind the answer's headers */
};

/* Posts `body` to `path` and reads the answer's headers. A refusal is an error. Close in any case.
 */
bool hijack_open(struct docker *docker, const char *path, const cJSON *body, struct hijack *hijack,
                 struct error *error);
/* Both without waiting: *count is 0 when it would have to wait. *ended at the stream's end; sending
 * is false once the other side takes no more. */
bool hijack_receive(struct hijack *hijack, char *buffer, size_t size, size_t *count, bool *ended,
                    struct error *error);
bool hijack_send(struct hijack *hijack, const char *bytes, size_t length, size_t *count);
/* No more will be sent: the command's standard input ends. False when that can't leave yet: call it
 * again once the socket takes more. */
bool hijack_end_input(struct hijack *hijack);
/* At the stream's end: whether it was the connection that ended, and not the command. */
bool hijack_broke(struct hijack *hijack);
void hijack_close(struct hijack *hijack);

#endif
