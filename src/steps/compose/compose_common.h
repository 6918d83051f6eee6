/* compose_common.h: what the steps that work on a Compose stack share: which files, which service.
 */
#ifndef STEPS_COMPOSE_COMPOSE_COMMON_H
#define STEPS_COMPOSE_COMPOSE_COMMON_H

#include "compose/command.h"
#include "compose/edit.h"
#include "docker/docker.h"
#include "steps/step.h"

#include <sys/types.h>

/* Facts that the steps leave for each other. */
#define FACT_FILE "compose.file"                /* path of the file that is edited */
#define FACT_ORIGINAL "compose.original_sha256" /* of its bytes before the edit */
#define FACT_EDITED "compose.edited_sha256"
#define FACT_BACKUP "compose.backup" /* {path, sha256, created: by this run} */
#define FACT_VOLUME "compose.volume" /* what held the server's data before: a volume or a path */
#define FACT_STACK                                                                                 \
    "compose.stack" /* {directory, environment_files} as the stack was brought up                  \
                     */
#define FACT_SERVING                                                                               \
    "serving" /* wall ms of the engine, when the server that serves now started                    \
               */

#define FACT_EMPTIED                                                                               \
    "compose.emptied" /* {project, stay: [volumes], undoing}: a stack was taken down with its own  \
                         volumes, on the way back or not */
/* What was there before this run went on to remove a project's volumes: {project, and what
 * down_record_make puts down}; and the project of which the way back found that the server's data
 * was never removed, or null. */
#define FACT_DOWN_BEGAN "compose.down.began"
#define FACT_KEPT "compose.kept"

/* By which Compose finds its containers. Source: docker/compose, pkg/api/labels.go. */
#define COMPOSE_LABEL(name) "com.docker.compose." name

/* A stack as the arguments `file` and `project` name it, with what its containers' labels add. */
struct stack {
    struct text_list files;
    struct text_list environment_files;
    char *directory;
    struct compose_project project; /* made of the above */
};

/* Free with stack_close in any case. A file that isn't there is an error. */
bool stack_open(struct step_run *run, struct docker *docker, struct stack *stack,
                struct error *error);
void stack_close(struct stack *stack);

/* A stack whose project is made of a configuration instead of its files. Free with
 * stack_resolved_free; it holds secrets. */
struct stack_resolved {
    struct text_list files;
    char *directory, *text;
    struct compose_project project;
};
void stack_resolve(const struct stack *stack, const cJSON *config, struct stack_resolved *resolved);
void stack_resolved_free(struct stack_resolved *resolved);

/* Holds the run's lock for `docker compose up`, which inherits it: a worker that was killed may
 * have left one running, and the next one has to wait for its end. *lock is closed by the caller.
 */
bool stack_lock(struct step_run *run, long timeout_ms, int *lock, struct error *error);

/* Containers of the project (and of one service, unless that is NULL), without one-off ones: the
 * engine's list, which the caller deletes. */
bool stack_containers(struct docker *docker, const char *project, const char *service, cJSON **list,
                      struct error *error);

/* Whether this run has taken the container's stack down with its volumes, of which `volume` (NULL:
 * none, the container itself holds the data) is one: then whatever it holds was made since. */
bool stack_was_emptied(const struct step_run *run, const struct docker_container *container,
                       const char *volume);

/* Whether the way back has found that this run never removed the data of the server of the
 * container's stack: then it is what it was all along, and nothing is to be restored over it. */
bool stack_was_kept(const struct step_run *run, const struct docker_container *container);

/* A line of the compose command's, into the step's log: for struct compose_up. */
void stack_log_line(void *run, const char *line, bool from_stderr);

/* The names in the step's list argument, several in one text too with commas between, without empty
 * ones. The caller frees the list. */
void stack_services(const struct step_run *run, const char *argument, struct text_list *services);

/* What the configuration says of the service: its image, which has to be here (stays the config's),
 * and where that keeps its data (the caller frees, in any case): there it has to mount `volume`, a
 * volume's real name or a path, which has to be there too. */
bool compose_service_find(struct docker *docker, const cJSON *config, const char *name,
                          const char *volume, const char **image, char **data, struct error *error);
/* Whether a container has that image and that volume for its data. */
bool compose_service_is(const struct docker_container *container, const char *image,
                        const char *data, const char *volume);

/* The file that the run edits: the one that an earlier step found, or the only one there is. The
 * caller frees; NULL with `error`. */
char *stack_edited_file(struct step_run *run, const struct stack *stack, struct error *error);
/* `path` made absolute: beside `file` when it is relative and doesn't start with '~'. The caller
 * frees. */
char *path_beside(const char *file, const char *path);
/* Bytes and mode of a compose file. */
bool compose_file_read(const char *path, struct text *text, mode_t *mode, struct error *error);
/* The same two for the arguments of a step that needs no more of the stack. The caller frees; NULL
 * with `error`. A backup that would be the compose file itself is an error. */
char *compose_edited_file(struct step_run *run, struct error *error);
char *compose_backup_path(const char *file, const char *name, struct error *error);
/* Whether the backup at `path` may be made of a file with this sha256: nothing is there, or the
 * same bytes, or this run's own copy. */
bool compose_backup_free(struct step_run *run, const char *path, const char *sha256,
                         struct error *error);
/* A fact's string, or NULL. */
const char *fact_text(const struct step_run *run, const char *key);

/* One change of a compose file, worked out and proven but not written. */
struct edit_plan {
    struct stack stack;
    char *path; /* of the file to edit */
    struct text before, after;
    mode_t mode;
    cJSON *config;        /* what was in force */
    const cJSON *service; /* of it; the config's */
    char *data;           /* where the server's container keeps its data */
    char *target;         /* where the volume that holds it is mounted */
    char *source;         /* what is mounted there now: a volume's real name, or a path */
    bool volume;          /* it is a volume */
};

/* Works out the change for the arguments file, project, service, image, volume. Free in any case.
 */
bool edit_plan_make(struct step_run *run, struct docker *docker, struct edit_plan *plan,
                    struct error *error);
/* The same without the change, for the arguments file, project, service: the file in which the
 * service's image stands; with what holds its data. Free in any case. */
bool edit_plan_open(struct step_run *run, struct docker *docker, struct edit_plan *plan,
                    struct error *error);
bool edit_plan_open_data(struct step_run *run, struct docker *docker, struct edit_plan *plan,
                         struct error *error);
/* Works out a service that is added beside: arguments new_service, new_container, image, volume. */
bool edit_plan_add_service(struct step_run *run, struct edit_plan *plan, struct error *error);
/* Shows the plan's change and writes it; what was there before this run's first edit is known by
 * its hash, before a byte changes. */
bool edit_plan_write(struct step_run *run, const struct edit_plan *plan, struct error *error);
void edit_plan_free(struct edit_plan *plan);
/* Reports the plan's difference: log lines and the fact "diff". */
void edit_plan_show(struct step_run *run, const struct edit_plan *plan);

#endif
