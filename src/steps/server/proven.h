/* proven.h: whether a server still stands at the transaction id at which its copy was proven. */
#ifndef STEPS_SERVER_PROVEN_H
#define STEPS_SERVER_PROVEN_H

#include "postgres/write_position.h"
#include "steps/step.h"

/* The transaction id in the fact `key`, such as pg.drift's. A fact without one is an error. */
bool proven_xid(const struct step_run *run, const char *key, unsigned long long *xid,
                struct error *error);

struct proven_place {
    unsigned long long proven;
    struct write_position now;
    bool same; /* nothing was written since, and nothing is being written */
};

/* Where the connection's server stands now. */
bool proven_look(const struct step_run *run, const char *key, struct pg_connection *connection,
                 struct proven_place *place, struct error *error);
/* The same of a server of the runbook, asked anew: another place is an error, whose message ends
 * with `outcome`: "nothing was stopped". */
bool proven_unmoved(struct step_run *run, const char *key, const char *server, const char *outcome,
                    struct error *error);

#endif
