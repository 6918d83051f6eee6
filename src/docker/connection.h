/* connection.h: the client's own side of the Docker Engine API: where the engine is, and the calls
 * that the other files of this directory are made of. Nothing outside of src/docker/ includes it.
 */
#ifndef DOCKER_CONNECTION_H
#define DOCKER_CONNECTION_H

#include "docker/docker.h"
#include "docker/endpoint.h"
#include "docker/tunnel.h"

#include <curl/curl.h>

#define DOCKER_NAMES 6 /* variables that name an engine */

struct docker {
    CURL *handle; /* kept, so that its connection is used again */
    struct docker_endpoint endpoint;
    struct tunnels tunnels;              /* ssh's, while they are open */
    char *base;                          /* of an address: "http://docker", "https://HOST:PORT" */
    char *display;                       /* how messages call it: "tcp://db1:2376 (context live)" */
    char *version;                       /* "/v1.41": negotiated, put before every path */
    char *environment[DOCKER_NAMES + 1]; /* by which other programs find it, NULL-terminated */
    long limit_ms;                       /* of each call's answer; 0: the call's own */
    char failure[CURL_ERROR_SIZE];       /* what libcurl says of the last transfer that failed */
};

/* One call whose answer is handed on in pieces instead of being collected. */
struct docker_request {
    const char *method;
    const char *path;  /* without the version */
    const cJSON *body; /* or NULL */
    long timeout_ms;   /* of the whole call; 0: none */
    long silence_ms;   /* without a single byte; 0: none */
    /* Gets the body's bytes; false ends the call with `error`. */
    bool (*take)(void *context, const char *bytes, size_t length, struct error *error);
    void *context;
};
/* False when no answer came or `take` ended it. A status of 400 and above isn't handed to `take`
 * but parsed into `*refusal` (caller deletes, may be NULL). */
bool docker_stream(struct docker *docker, const struct docker_request *request, int *status,
                   cJSON **refusal, struct error *error);

/* Address, socket and certificates for a handle of one's own (exec's), which has to be cleaned up
 * before `docker` is closed. */
void docker_configure(struct docker *docker, CURL *handle);
/* Why a transfer failed, as an error of kind ERROR_DOCKER with a remedy. Returns false. */
bool docker_unreachable(const struct docker *docker, CURL *handle, CURLcode code,
                        struct error *error);

/* The connection ended while a command's streams were open. Returns false. */
bool docker_broke_off(const struct docker *docker, struct error *error);

/* True for a status below 400. Otherwise `answer` is deleted, `error` gets "WHAT: the engine's
 * message", and false is returned. */
bool docker_accepted(int status, cJSON *answer, struct error *error, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The engine's own message in a refused call's answer, or a text that stands for none. */
const char *docker_message(const cJSON *answer);
/* `text` as one part of a path or a query's value; the caller frees. */
char *docker_escape(const char *text);
/* Milliseconds since 1970 of an engine's "2026-02-17T14:22:31.042123Z"; 0 for none or "0001-...".
 */
int64_t docker_time(const char *text);
/* The value of NAME in an array of "NAME=value"; NULL for none. */
const char *docker_environment_in(const cJSON *list, const char *name);
/* Whether `path` is `directory` or below it. */
bool docker_path_holds(const char *directory, const char *path);

#endif
