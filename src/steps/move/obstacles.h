/* obstacles.h: what of a stack, as its compose file and its container show it, stands in the way
 * of moving a running server's endpoint to another one. */
#ifndef STEPS_MOVE_OBSTACLES_H
#define STEPS_MOVE_OBSTACLES_H

#include "base/text.h"
#include "docker/docker.h"
#include "steps/step.h"

/* What a remedy ends with, behind "Use" or "Or use". */
#define MOVE_OTHER_RUNBOOK                                                                         \
    " the runbook that stops one server and starts the other, pg15-to-pg17.yaml."

/* What is looked at; all of it stays the caller's. */
struct move_view {
    const cJSON *config; /* in force */
    const char *name;    /* of the service */
    const cJSON *service;
    const struct docker_container *container; /* the server's */
    const cJSON *containers;                  /* the engine's list of all */
    const cJSON *siblings;                    /* the engine's list of the service's own */
};

struct move_obstacle {
    const char *key; /* NULL ends the table */
    const char *name;
    const char *fine;    /* what is so when nothing was found */
    const char *remedy;  /* beside the other runbook; or NULL */
    enum verdict weight; /* of what is found */
    /* Appends what stands in the way, nothing when nothing does. */
    void (*look)(const struct move_view *view, struct text *found);
};

extern const struct move_obstacle obstacles[];

#endif
