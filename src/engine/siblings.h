/* siblings.h: where the other environments of a run stand, read from their journals as those grow.
 */
#ifndef ENGINE_SIBLINGS_H
#define ENGINE_SIBLINGS_H

#include "engine/state.h"
#include "runbook/runbook.h"

#include <stdbool.h>

struct siblings;

/* Of the run in `directory` ("RUN" or "RUN@ENVIRONMENT"), whose runbook was entered. */
struct siblings *siblings_open(const char *directory, const struct runbook *runbook);
void siblings_close(struct siblings *siblings);
/* Reads what was appended since. A journal that can't be read leaves its run as it was seen last,
 * one that isn't there leaves it out; false with `error` for the former. */
bool siblings_read(struct siblings *siblings, struct error *error);
/* The group's own run; NULL: it isn't there. They stay the siblings'. */
const struct run_state *siblings_group(const struct siblings *siblings);
/* By environment, in the runbook's order; NULL: it takes no part. */
const struct run_state *const *siblings_members(const struct siblings *siblings);

#endif
