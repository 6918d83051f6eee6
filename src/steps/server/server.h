/* server.h: from a runbook server's name to where it is reached and the container it runs in. */
#ifndef STEPS_SERVER_SERVER_H
#define STEPS_SERVER_SERVER_H

#include "docker/docker.h"
#include "postgres/connection.h"
#include "steps/server/relay.h"
#include "steps/step.h"

#define SERVER_PORT 5432 /* inside of a container */

/* What is known of a runbook's server. Free with server_free in any case. */
struct server_access {
    char *name;                      /* in the runbook */
    struct pg_parameters parameters; /* of its database "postgres", or of the setting `database` */
    char *container;                 /* or NULL */
    struct docker *docker;           /* open when there is a container, else NULL */
    struct docker_container found;   /* inspected; `exists` false without a container */
    bool inside;         /* no client reaches it now: its container is on no network, only we do */
    struct relay *relay; /* the way there when there is no shorter one, else NULL */
};

/* Settings host and port win; else the container is asked for its published port, else for its own
 * address. A container that is absent or doesn't run is an error when its address is needed. One
 * that runs on no network is reached from inside, whatever the settings say: connections have to be
 * closed before server_free then. Source: DESIGN.md section 4. */
bool server_find(const struct step_run *run, const char *name, struct server_access *access,
                 struct error *error);
/* The same for who wants to see what clients see: never from inside. */
bool server_find_as_client(const struct step_run *run, const char *name,
                           struct server_access *access, struct error *error);
/* The same for sessions that have to outlive the container's leaving its networks: always from
 * inside. An error when the server has no container that runs. */
bool server_find_inside(const struct step_run *run, const char *name, struct server_access *access,
                        struct error *error);
/* The same in the container of that id, whatever the runbook calls the server's by now: names move
 * with a switch. */
bool server_find_in(const struct step_run *run, const char *name, const char *id,
                    struct server_access *access, struct error *error);
/* What server_find_inside has found, once more and by its id: the container may have been started
 * anew, or have another name. Connections have to be closed before. */
bool server_find_again(struct server_access *access, struct error *error);
void server_free(struct server_access *access);

/* While planning: whether the server's container isn't there yet, as an earlier step makes it; says
 * so in the log. Always false in a real run. */
bool server_not_yet(struct step_run *run, const char *name);

/* The container that the server runs in, running; an error that names the server when it has none.
 */
bool server_needs_container(const struct server_access *access, struct error *error);

/* "NAME=value" for the environment of the server's own tools, NULL-terminated, at most 7 entries:
 * PGUSER and, when there is one, PGPASSWORD. Free with server_environment_free. */
struct server_environment {
    char *items[8];
    size_t count;
};
void server_environment(const struct server_access *access, struct server_environment *environment);
void server_environment_add(struct server_environment *environment, const char *name,
                            const char *value);
void server_environment_free(struct server_environment *environment);

/* Whether anything of a server answers there within so many milliseconds: who asks for a password,
 * serves. */
bool server_answers(const struct server_access *access, long timeout_ms, struct error *error);

/* Connections by pg_open to the server's first database, or to another one. */
struct pg_connection *server_open(const struct server_access *access, struct error *error);
struct pg_connection *server_open_database(const struct server_access *access, const char *database,
                                           struct error *error);

/* Finds and opens in one, for the server that is named by the step's argument; `access` is filled.
 */
struct pg_connection *server_open_argument(const struct step_run *run, const char *argument,
                                           struct server_access *access, struct error *error);

#endif
