/* lookup.h: where variables' values come from besides the runbook: environment, a server's
 * container, the operator. */
#ifndef STEPS_LOOKUP_H
#define STEPS_LOOKUP_H

#include "docker/docker.h"
#include "runbook/runbook.h"

struct lookup {
    struct docker *docker; /* opened when first needed; lookup_close closes it */
    /* A resumed run takes what it can get: a container that is gone has no value instead of being
     * an error, so that a rollback is possible from wherever the run stands. */
    bool lenient;
    /* Asks the operator; caller frees the answer; NULL when nobody can be asked. */
    char *(*ask)(const struct variable *variable);
};

/* A variable_lookup; its context is a struct lookup. */
bool lookup_variable(void *context, const struct runbook *runbook, const struct variable *variable,
                     const struct variable_source *source, char **value, struct error *error);
void lookup_close(struct lookup *lookup);

#endif
