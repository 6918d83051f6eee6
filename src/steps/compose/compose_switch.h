/* compose_switch.h: the replacing of one service's container, in the order that costs the least
 * outage.
 */
#ifndef STEPS_COMPOSE_COMPOSE_SWITCH_H
#define STEPS_COMPOSE_COMPOSE_SWITCH_H

#include "steps/compose/compose_common.h"

/* For what Docker and Compose do beyond the grace. */
#define APPLY_MARGIN_MS 300000L

/* What the compose file says now, and what has to run in the end. */
struct apply {
    struct step_run *run;
    struct docker *docker;
    struct stack stack;
    cJSON *config;
    const char *service;
    const char *image;  /* the config's */
    const char *volume; /* the argument's: a volume's real name */
    char *data;         /* where the image keeps its data */
    long grace_ms;      /* for the container that is stopped */
    char *container;    /* name of the service's container when it was last looked at, or NULL */
    int64_t started_ms; /* wall: when that container was started, 0 when it doesn't run */
    cJSON *before;      /* the project's containers before the switch */
    /* Called once the old server has stopped, before any client can reach the new one, which is
     * `started` on no network, or not started yet; false calls the switch off. */
    bool (*before_traffic)(struct apply *apply, bool started, struct error *error);
    bool called_off; /* the new server was stopped again, unwritten: the switch wasn't made */
};

/* Looks at the service's containers. *right: one with the right image and volume is there, and
 * `container` is it (free in any case); else `container` is the last other one. */
bool apply_look(struct apply *apply, struct docker_container *container, bool *right,
                struct error *error);
/* Leaves the service with one container as the compose file says, started. A rollback removes what
 * of the service's own stands in the way. */
bool apply_bring_up(struct apply *apply, struct error *error);

#endif
