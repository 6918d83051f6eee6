/* turn.h: whether a phase may begin in one of several environments, and whom it waits for: a pure
 * function of where they all stand. */
#ifndef ENGINE_TURN_H
#define ENGINE_TURN_H

#include "base/text.h"
#include "engine/state.h"
#include "runbook/runbook.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

struct standing {
    const struct runbook *runbook;          /* entered: whose turn is asked */
    const struct run_state *own;            /* of the one that asks */
    const struct run_state *group;          /* of the phases for all; NULL: not known yet */
    const struct run_state *const *members; /* by environment, NULL: it takes no part */
    int64_t now_ms;                         /* wall */
    bool first;                             /* as if the operator had let it go first */
};

struct turn {
    struct text message; /* "" when it may begin: "waits for test to be through prepare" */
    int64_t until_ms;    /* wall; 0: it isn't time that it waits for */
    cJSON *awaited;      /* array of {environment, phase}, as in the event */
};

/* Fills `turn`, which is to be freed with turn_free, for the phase of that id. True when it may
 * begin. */
bool turn_has_come(const struct standing *standing, const char *phase, struct turn *turn);
void turn_free(struct turn *turn);

/* Whether one that stands so no longer holds up the others that would wait for it to be through
 * `phase`. */
bool turn_lets_go_first(const struct run_state *state, const char *phase);

/* Whether `own`, which waits for this, still has to wait for the one that stands as `other`. */
bool turn_awaits(const struct run_state *own, const struct awaited *awaited,
                 const struct run_state *other);

#endif
