/* ready.h: waiting until a server really serves: a login over TCP as the real role, twice. */
#ifndef STEPS_SERVER_READY_H
#define STEPS_SERVER_READY_H

#include "postgres/connection.h"
#include "steps/step.h"

struct ready {
    const char *server;    /* of the runbook */
    long timeout_ms;       /* 0: 60 s */
    int major;             /* that it has to be, 0: any */
    bool after_switchover; /* clients connect here: a failure's remedy says what to look at */
    bool inside; /* before clients reach it: asked in its container, which is on no network,
                    and one answer will do, as the data directory is there already */
};

/* Ready is: SELECT 1 answered twice, at least 250 ms apart, by the same postmaster. The first start
 * of the official image runs a temporary server that is stopped again; it listens on no port. Fails
 * at once for a container that has exited (with its last log lines), a wrong password and a wrong
 * major. In an undo without a password a server that asks for one counts as ready. `version` (32
 * bytes, may be NULL) gets the server's version. */
bool server_wait_ready(struct step_run *run, const struct ready *ready, char *version,
                       struct error *error);

#endif
