/* standings.h: where each environment of a run stands, one line each. */
#ifndef CLI_STANDINGS_H
#define CLI_STANDINGS_H

#include "engine/group.h"

#include <cjson/cJSON.h>

/* On standard output. What can't be read is told in its line. */
void print_standings(const struct group *group);
/* {run, environments: [a summary each]} of all of them; `own` is taken over and gets the rest. */
void add_standings(cJSON *own, const struct group *group);
/* The exit status of all together: the most urgent one. */
int status_of_group(const struct group *group);

#endif
