/* gate_parts.h: a gate's evidence while it is being gathered: engine_gate.c and gate_drift.c among
 * themselves. */
#ifndef ENGINE_GATE_PARTS_H
#define ENGINE_GATE_PARTS_H

#include "engine/engine_parts.h"

enum { PASS, WARN, FAIL };

struct gathering {
    const struct engine *engine;
    const struct gate *gate;
    cJSON *list;
    bool blocked;
    long long loses;
};

/* One line of evidence; takes ownership of `detail`. A FAIL blocks the gate. */
void gate_add(struct gathering *gathering, const char *name, int verdict, char *detail);
/* "14:22:31", local time. */
const char *gate_clock(char *buffer, size_t size, int64_t wall_ms);

/* What was written on the old server since the backup, and with it what going on would lose. */
void gate_add_drift(struct gathering *gathering);
/* By the old server's counters, live; 0 when they aren't known. */
long long gate_live_changes(const struct run_state *state);
/* Whether they have moved since the open gate's evidence was gathered. */
bool gate_written_since(const struct run_state *state);

#endif
