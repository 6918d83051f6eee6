/* docker_common.h: what the steps that work on containers share. */
#ifndef STEPS_DOCKER_DOCKER_COMMON_H
#define STEPS_DOCKER_DOCKER_COMMON_H

#include "docker/docker.h"
#include "docker/image.h"
#include "steps/step.h"

#define LABEL_OWN "org.pgrunbook"
#define LABEL_RUN "org.pgrunbook.run"
#define LABEL_STEP "org.pgrunbook.step"
#define GRACE_DEFAULT "120s"

/* The run's id: the name of its directory. */
const char *step_run_id(const struct step_run *run);
/* Labels for what this step creates; the caller deletes. */
cJSON *step_labels(const struct step_run *run);
/* Whether these labels say that this run made it. */
bool step_is_own(const struct step_run *run, const char *run_label);

/* Errors with one remedy wherever they arise; all return false. */
bool step_name_taken(const struct step_run *run, const struct docker_container *container,
                     struct error *error);
bool step_volume_taken(struct docker *docker, const char *name, struct error *error);
bool step_port_taken(int port, const char *holder, struct error *error); /* `holder` or NULL */

/* Inspects a container that has to exist: an absent one is an error with the nearest name. */
bool step_container(struct docker *docker, const char *name, struct docker_container *container,
                    struct error *error);
/* The container of a server of the runbook; the caller frees. NULL with `error` when it has none.
 */
char *step_server_container(struct step_run *run, const char *server, struct error *error);

/* CHECKPOINT inside the running server's container, twice, so that the shutdown's own is short.
 * What goes wrong is only logged: the stop that follows is safe without it. */
bool step_checkpoint(struct step_run *run, struct docker *docker, const char *container,
                     const char *server);
/* CHECKPOINT when it runs, then stop with this grace. */
bool step_stop_server(struct step_run *run, struct docker *docker,
                      const struct docker_container *container, const char *server, long grace_ms,
                      struct error *error);
/* Runs psql inside of a container as the server's user, over TCP when `over_tcp`, its password in
 * the environment. `output` gets what it printed. False when it couldn't be run or failed. */
bool step_psql(struct step_run *run, struct docker *docker, const char *container,
               const char *server, bool over_tcp, const char *statement, struct text *output,
               struct error *error);

/* Logs an image's id and digest and records them as the fact "image.NAME" (NAME with what a key
 * can't hold as '_'). */
void step_record_image(struct step_run *run, const char *name, const struct docker_image *image);
/* The last lines of a container's log, each as a log line of the step. */
void step_show_log(struct step_run *run, struct docker *docker, const char *container, long lines);

#endif
