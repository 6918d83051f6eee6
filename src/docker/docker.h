/* docker.h: the Docker Engine API client: connection, containers, and commands inside of them. What
 * belongs to images, volumes, networks stands in headers of their own. */
#ifndef DOCKER_DOCKER_H
#define DOCKER_DOCKER_H

#include "base/error.h"
#include "base/text.h"

#include <cjson/cJSON.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct docker; /* one connection; belongs to one process: open it anew after a fork */

/* Where docker_endpoint_find finds it. Negotiates the API version. Failure to reach it is
 * ERROR_DOCKER with a remedy. */
struct docker *docker_open(struct error *error);
void docker_close(struct docker *docker);
/* The engine's address as DOCKER_HOST would name it; stays the connection's. */
const char *docker_address(const struct docker *docker);
/* The same with the context that it is from: "tcp://db1:2376 (context live)". */
const char *docker_description(const struct docker *docker);
/* Whether the address names another machine. False for a socket, whatever it leads to. */
bool docker_is_remote(const struct docker *docker);
/* The name or address of that machine where other ports of it may be reached by it as well; NULL
 * for this machine, and with ssh, whose names are its own and whose hosts often have no other door.
 */
const char *docker_host(const struct docker *docker);
/* By which variables another program finds this same engine, contexts and certificates resolved:
 * "NAME=value", NULL-terminated, the connection's. */
const char *const *docker_environment(const struct docker *docker);

/* From then on no answer is waited for longer than that, whatever its call would allow; 0: as long
 * as each allows. */
void docker_limit(struct docker *docker, long milliseconds);
/* Words of the error when no answer came in time: the engine may carry the call out later. */
#define DOCKER_LATE "answer in time"

/* One call. `path` without the version ("/containers/json?all=1"). `*status` is the HTTP status;
 * `*answer` the parsed body (caller deletes) or NULL. False only when no answer came; `timeout_ms`
 * bounds the whole call (0: 30 s). */
bool docker_call(struct docker *docker, const char *method, const char *path, const cJSON *body,
                 long timeout_ms, int *status, cJSON **answer, struct error *error);

struct docker_container {
    bool exists;
    char *id;
    char *name;  /* without the slash */
    char *image; /* as it was asked for */
    char *image_id;
    char *state;        /* "running", "exited", ... */
    char *health;       /* "", "starting", "healthy", "unhealthy" */
    int64_t started_ms; /* wall */
    int exit_code;
    int process;    /* the pid of its first process on the engine's host, 0 when it doesn't run */
    cJSON *inspect; /* the whole answer */
};

/* An absent container is no failure: `exists` is false then. Free in any case. */
bool docker_inspect(struct docker *docker, const char *name, struct docker_container *container,
                    struct error *error);
void docker_container_free(struct docker_container *container);

/* From an inspected container; strings stay the container's, NULL when there is none. */
const char *docker_container_environment(const struct docker_container *container,
                                         const char *name);
const char *docker_container_label(const struct docker_container *container, const char *name);
/* Where a container of a PostgreSQL image keeps its data: its PGDATA, else what the official image
 * has. Never NULL. */
#define DOCKER_POSTGRES_DATA "/var/lib/postgresql/data"
const char *docker_container_data(const struct docker_container *container);
/* Whether it is there, and its state is "running": not paused, not restarting. */
bool docker_is_running(const struct docker_container *container);
/* Whether its first process is one of this machine's, seen under the pid that the engine gives:
 * only then may that pid be used, or the engine's disk be looked at as this machine's. */
bool docker_container_is_here(const struct docker_container *container);
/* The host port that container port `port`/tcp is published on, 0 for none; `address` (size bytes)
 * gets the address to connect to ("127.0.0.1" for 0.0.0.0). */
int docker_container_published(const struct docker_container *container, int port, char *address,
                               size_t size);
/* The container port that `published`/tcp of the engine's host leads to, 0 for none; `address` as
 * above, "0.0.0.0" or "::" staying as they are. */
int docker_container_port_behind(const struct docker_container *container, int published,
                                 char *address, size_t size);
/* An address inside a Docker network that can be reached from the engine's host; NULL for none. */
const char *docker_container_address(const struct docker_container *container);
/* The mount that holds `path` (deepest destination that is a prefix): its type ("volume", "bind")
 * and its volume name or host path. */
struct docker_mount {
    const char *type, *source, *destination;
};
bool docker_container_mount(const struct docker_container *container, const char *path,
                            struct docker_mount *mount);

/* A command inside a container, its three streams connected to the caller. */
struct docker_exec {
    const char *container;
    const char *const *arguments;   /* NULL-terminated */
    const char *const *environment; /* "NAME=value", NULL-terminated, or NULL: where secrets go */
    const char *user;               /* or NULL for the image's */
    /* Standard input: fills up to `size` bytes, returns how many, 0 at the end, -1 on failure (with
     * `error`). NULL: none. */
    long (*read)(void *context, char *buffer, size_t size, struct error *error);
    /* What it writes, in pieces as they arrive. False stops the command's connection (with
     * `error`). NULL drops it. */
    bool (*write)(void *context, const char *bytes, size_t length, struct error *error);
    bool (*write_error)(void *context, const char *bytes, size_t length, struct error *error);
    /* Called every `tick_ms` (0: about twice a second) while the command runs, also when nothing
     * comes or goes; or NULL. False stops the command's connection (with `error`). */
    bool (*tick)(void *context, struct error *error);
    long tick_ms;
    void *context;
    long timeout_ms; /* of silence in both directions; 0: none */
    /* It has succeeded only where all of its input was sent: a command that takes an early end for
     * the whole would say that it has. */
    bool reads_all;
};
/* Runs it to its end. False when it couldn't be run or watched; its own exit status is the caller's
 * to judge. */
bool docker_exec_run(struct docker *docker, const struct docker_exec *exec, int *exit_status,
                     struct error *error);
/* The parts of it, for who has more to wait for. What `exec` points to but its `context` may go
 * once it is begun. NULL on failure. */
struct docker_running;
struct docker_running *docker_exec_begin(struct docker *docker, const struct docker_exec *exec,
                                         struct error *error);
/* What the next turn waits for: the socket and its events, and for how many milliseconds at most
 * (-1: for ever; 0: it can go on at once). */
int docker_exec_waits_for(const struct docker_running *running, struct pollfd *entry);
/* Hands on what has come and sends what there is room for; returns without waiting. *ended: its
 * output has come to its end. After a failure, abandon it. */
bool docker_exec_turn(struct docker_running *running, bool *ended, struct error *error);
/* Once it has ended: its exit status. Frees it in any case. */
bool docker_exec_end(struct docker_running *running, int *exit_status, struct error *error);
/* Closes its connection, which doesn't end the command, and frees it. NULL is fine. */
void docker_exec_abandon(struct docker_running *running);
/* A short command, run to its end: both outputs collected (at most 1 MiB each). */
bool docker_exec_collect(struct docker *docker, const char *container, const char *const *arguments,
                         struct text *output, struct text *error_output, int *exit_status,
                         struct error *error);

#endif
