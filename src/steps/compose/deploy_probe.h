/* deploy_probe.h: for how long an application's address didn't answer while its containers were
 * replaced. */
#ifndef STEPS_COMPOSE_DEPLOY_PROBE_H
#define STEPS_COMPOSE_DEPLOY_PROBE_H

#include <stdbool.h>
#include <sys/types.h>

struct deploy_probe {
    pid_t process; /* 0: none */
    int control, answers;
};

/* Begins to ask `url` by GET, some twenty times a second, in a process of its own. An empty address
 * asks nothing. */
void deploy_probe_start(struct deploy_probe *probe, const char *url);
/* Asks once, and waits so long for the answer: whether it was a good one (status 2xx). */
bool deploy_probe_ask(const char *url, long timeout_ms);
/* Ends it. *outage_ms: from the first failure to the first good answer (status 2xx) after it, of
 * all outages together; -1 when nothing was asked. *answers: whether the last answer was a good
 * one. */
void deploy_probe_stop(struct deploy_probe *probe, long *outage_ms, bool *answers);

#endif
