/* loading.h: a server's container that runs with settings which make loading fast and a crash of
 * the machine fatal; what is known of it, so that nothing of it outlives the loading. */
#ifndef STEPS_DOCKER_LOADING_H
#define STEPS_DOCKER_LOADING_H

#include "docker/docker.h"
#include "steps/step.h"

/* On a container that is fit for loading only, and on nothing else: its settings' names, "a,b". */
#define LABEL_LOADING "org.pgrunbook.loading"

/* The image's own command (array of texts) and these settings (object of texts by name) after it:
 * "postgres -c fsync=off". The caller deletes; NULL for a name that no setting can have. */
cJSON *loading_command(const cJSON *own, const cJSON *settings, struct error *error);
/* The label's value; the caller frees. */
char *loading_names(const cJSON *settings);
/* The names in a label that this command (array of texts) doesn't give, as an SQL array "{a,b}". */
char *loading_names_not_in(const char *label, const cJSON *command);

bool loading_is(const struct docker_container *container);
/* Its data directory; stays the container's. */
const char *loading_data(const struct docker_container *container);

/* What the container is called from the moment at which the one that will serve has its name;
 * caller frees. */
char *loading_aside(const char *name);

/* The fact "loading.NAME": which run of the container the data is from. An interruption may have
 * cost any of it, as nothing was synced. Takes what docker_inspect says of it, running. */
void loading_begun(struct step_run *run, const struct docker_container *container);
/* All of it is synced, and the container that has the name now is an ordinary one. */
void loading_durable(struct step_run *run, const char *name);

enum loading_state {
    LOADING_NEVER,       /* an ordinary container */
    LOADING_GOES_ON,     /* in the very run of the container that it was begun in */
    LOADING_INTERRUPTED, /* not synced, and the container has stopped since */
    LOADING_DURABLE,
};
/* `container` is the one of that name, absent or not. */
enum loading_state loading_state(const struct step_run *run, const char *name,
                                 const struct docker_container *container);

/* Removes what a restore that was cut off has left under the name aside. */
bool loading_remove_aside(struct step_run *run, struct docker *docker, const char *name,
                          struct error *error);

#endif
