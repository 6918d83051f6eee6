/* command.h: `docker compose`, run as a program: Compose has no API. */
#ifndef COMPOSE_COMMAND_H
#define COMPOSE_COMMAND_H

#include "base/error.h"
#include "base/process.h"
#include "base/text.h"

#include <cjson/cJSON.h>

/* The engine and the files of one Compose project, as its containers' labels name them. */
struct compose_project {
    /* The variables by which the docker command finds the Docker engine ("NAME=value",
     * NULL-terminated), or NULL for the one that it takes. */
    const char *const *engine;
    const struct text_list *files; /* absolute, in their order */
    const char *name;
    const char *directory;                     /* NULL: the first file's */
    const struct text_list *environment_files; /* NULL or empty: the directory's .env */
    const char *edited; /* one of the files, or NULL: this text stands for what is in it */
    const char *edited_text;
};

/* "a.yml,b.yml" (as in the label com.docker.compose.project.config_files) as absolute paths. A path
 * that exists as a whole is one, comma or not. */
void compose_files(const char *value, struct text_list *files);

/* `docker compose version --short`; the caller frees. `engine` as in struct compose_project. */
bool compose_version(const char *const *engine, char **version, struct error *error);
/* What is in force: `docker compose config --format json`, without dependencies that aren't. Holds
 * secrets. The caller deletes. */
bool compose_config(const struct compose_project *project, cJSON **config, struct error *error);

/* By which Compose tells whether a container is as the file says: what it writes into the label
 * com.docker.compose.config-hash. The project's files have to be what compose_config gave: from
 * files with env_file this command of Compose 2.26 gives another hash than the one it writes. The
 * caller frees. */
bool compose_hash(const struct compose_project *project, const char *service, char **hash,
                  struct error *error);

/* `docker compose up --no-deps --timeout SECONDS SERVICE`: the service's container is replaced by
 * one as the files now say, and started, or with `start` false only made. Its lines go to `on_line`
 * (may be NULL). */
struct compose_up {
    const char *service;
    const struct text_list *services; /* several in its place; none in it: all of the project */
    bool start;
    bool dependencies; /* what they depend on is made as well where it isn't as the files say */
    bool try_only;     /* `--dry-run`: nothing is made; Compose 2.15 or newer */
    /* Services that aren't made either, as they run already or aren't wanted. NULL: --no-deps, and
     * the container's label doesn't say what it depends on. */
    const struct text_list *without;
    long grace_ms;   /* for the container that is stopped */
    long timeout_ms; /* for all of it */
    void (*on_line)(void *context, const char *line, bool from_stderr);
    void *context;
};
bool compose_up(const struct compose_project *project, const struct compose_up *up,
                struct error *error);

/* `docker compose down --volumes`: containers, networks and the volumes that the files declare
 * without `external`. What is there of it only; `up` says the times and who gets its lines. */
bool compose_down_with_volumes(const struct compose_project *project, const struct compose_up *up,
                               struct error *error);

#endif
