/* standings.h: where each environment of a run stands, one line each. */
#ifndef CLI_STANDINGS_H
#define CLI_STANDINGS_H

#include "engine/group.h"
#include "engine/state.h"

#include <cjson/cJSON.h>

/* On standard output. What can't be read is told in its line. */
void print_standings(const struct group *group);
/* Whether the runbook does anything once for all. Where it doesn't there is nothing to see in the
 * group's own run, which is complete from the beginning. One that can't be read counts as having.
 */
bool has_phases_for_all(const struct group *group);
/* Adds to `own`, the summary of the group's own run, those of all environments: "environments".
 * "status" and "finished" become those of all together, with what they were under "all". */
void add_standings(cJSON *own, const struct group *group);
/* How all of them stand together: as the one that needs somebody most. */
enum run_status standing_of_group(const struct group *group);
/* The exit status of all together: the most urgent one. */
int status_of_group(const struct group *group);

#endif
