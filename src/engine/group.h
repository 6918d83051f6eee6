/* group.h: the runs that one runbook with environments is carried out in: its own, for the phases
 * that run once for all, and one for each environment, "RUN@ENVIRONMENT". */
#ifndef ENGINE_GROUP_H
#define ENGINE_GROUP_H

#include "base/error.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

struct group_member {
    char *environment; /* NULL: the group's own run */
    char *directory;
};

struct group {
    char *run; /* the group's id */
    struct group_member *items;
    size_t count;
};

/* The environment's name in a run's id, or NULL when it is no environment's run. */
const char *run_environment(const char *run);
/* Of one environment of a group; it needn't exist. The caller frees. */
char *member_directory(const char *group, const char *environment);

/* The group's own run first, then the environments that take part, in the runbook's order. A run
 * without environments is a group of one. Free with group_free. */
bool group_open(const char *directory, struct group *group, struct error *error);
void group_free(struct group *group);

#endif
