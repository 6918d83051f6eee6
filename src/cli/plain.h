/* plain.h: the screen's headless twin: a run's events as lines, its gates answered on standard
 * input or by name. */
#ifndef CLI_PLAIN_H
#define CLI_PLAIN_H

#include "base/text.h"
#include "engine/group.h"
#include "engine/state.h"

struct plain_options {
    const struct text_list *confirm; /* gates to confirm by name, once each; or NULL */
    bool retry;                      /* what failed or was declined is tried again, once */
    const char *rollback;            /* roll back at once, for this reason; or NULL */
    bool save;                       /* what that would lose is saved first */
    const char *lose;                /* that many rows are given up by it; or NULL */
    bool watch;
};

/* Follows the run until it's finished or waits for somebody who isn't there. Returns the exit
 * status. */
int plain_follow(const char *directory, const struct plain_options *options);

/* The same for several environments at once: each line begins with the environment's name, and one
 * question after the other is asked. Those that wait for each other are left when none goes on. */
int plain_follow_group(const struct group *group, const struct plain_options *options);

/* The exit status that says where a run stands (DESIGN.md section 5). */
int exit_status_of(const struct run_state *state);
/* Of two environments' exit statuses the one that matters more: something went wrong, a step
 * failed, one waits, one was taken back or left out, all are complete. */
int more_urgent_status(int left, int right);

#endif
