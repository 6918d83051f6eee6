/* pg_helper.h: a helper container that has PostgreSQL's tools beside a backup directory. */
#ifndef STEPS_SERVER_PG_HELPER_H
#define STEPS_SERVER_PG_HELPER_H

#include "docker/helper.h"
#include "steps/step.h"

struct pg_helper_setting {
    const char *image;
    const char *container; /* whose network it shares, or NULL for none */
    const char *directory; /* a backup's, on this machine */
    bool read_only;        /* the backup is complete: it has a manifest */
    bool beside;           /* this run has another helper that has proven the directory */
};

/* Removes what an attempt that was cut off may have left, makes the helper as this user, and proves
 * that it really has the directory (an engine elsewhere, or one that maps users, hasn't). NULL on
 * failure, with the remedy. */
struct docker_helper *pg_helper_open(struct step_run *run, struct docker *docker,
                                     const struct pg_helper_setting *setting, struct error *error);

/* One line that a short command in it prints. Fails when the command does. */
bool pg_helper_ask(struct docker *docker, const struct docker_helper *helper,
                   const char *const *arguments, struct text *answer, struct error *error);

#endif
