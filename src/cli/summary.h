/* summary.h: a run as one JSON object, for `status --json` and `report --format json`. */
#ifndef CLI_SUMMARY_H
#define CLI_SUMMARY_H

#include "engine/state.h"

/* The caller deletes it. Times are wall milliseconds, durations milliseconds. */
cJSON *summary_json(const struct run_state *state);

#endif
