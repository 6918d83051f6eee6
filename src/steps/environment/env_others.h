/* env_others.h: who else of a stack uses the server that the application is to leave. */
#ifndef STEPS_ENVIRONMENT_ENV_OTHERS_H
#define STEPS_ENVIRONMENT_ENV_OTHERS_H

#include "base/text.h"
#include "steps/step.h"

struct server_use {
    const char *name, *host;          /* the variable, and the host that it names */
    const struct text_list *services; /* that are deployed anew: the application's */
    const char *own;                  /* the server's own service, or NULL */
    const char *container;            /* the server's container */
};

/* Looks at every service of the configuration. One that gets the variable for this server, but
 * isn't among those that are deployed, is an error; for another server it is none of ours. Other
 * variables that name the host, and ports that the server publishes, are evidence: nothing moves
 * them. No value is shown. */
bool env_check_others(struct step_run *run, const cJSON *config, const struct server_use *use,
                      struct error *error);
/* Whether a variable's value names that host: alone, or in an address. */
bool env_names_host(const char *value, const char *host);

#endif
