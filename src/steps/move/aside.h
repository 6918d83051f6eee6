/* aside.h: something that is done by a child process while its parent goes on: prepared first, then
 * begun at a word. */
#ifndef STEPS_MOVE_ASIDE_H
#define STEPS_MOVE_ASIDE_H

#include "base/error.h"

#include <stdbool.h>
#include <sys/types.h>

/* Both run in the child; what they open there is the child's own. */
struct aside_job {
    bool (*prepare)(void *context, struct error *error); /* or NULL */
    bool (*act)(void *context, struct error *error);
    void *context;
};

struct aside {
    pid_t process; /* 0: none */
    int begin;     /* writing end */
    int outcome;   /* reading end */
};

/* Forks; true once the child is prepared. It ends with this process. */
bool aside_prepare(struct aside *aside, const struct aside_job *job, struct error *error);
bool aside_begin(struct aside *aside, struct error *error);
/* Waits for its end; false with its error. */
bool aside_wait(struct aside *aside, struct error *error);
/* Ends it wherever it is. One that was never prepared, or has ended, is fine. */
void aside_end(struct aside *aside);

#endif
