/* state_parts.h: the reducer's parts among themselves: readers of an event's fields, and the
 * functions behind the rows of its table. Only state*.c include it. */
#ifndef ENGINE_STATE_PARTS_H
#define ENGINE_STATE_PARTS_H

#include "engine/state.h"

const char *event_text(const cJSON *event, const char *name); /* NULL when absent */
double event_number(const cJSON *event, const char *name, double fallback);
bool event_flag(const cJSON *event, const char *name);
int64_t event_time(const cJSON *event);               /* wall ms */
void replace_text(char **target, const char *source); /* frees the old, copies the new (or NULL) */

void step_state_clear(struct step_state *step);
/* As it was before it was first started; the log stays. */
void step_state_renew(struct step_state *step);
/* The step that an event names, or NULL with `error`. */
struct step_state *named_step(struct run_state *state, const cJSON *event, struct error *error);
void gate_state_clear(struct gate_state *gate);
/* An open gate closes without an answer. */
void close_gate(struct run_state *state);
void turn_clear(struct run_state *state);
void hold_clear(struct run_state *state);
void release_clear(struct run_state *state);
void price_clear(struct run_state *state);
/* A fact was recorded: it may be the one that ends the hold, or the price. */
void hold_fact(struct run_state *state, const char *key, const cJSON *value);
void price_fact(struct run_state *state, const char *key, const cJSON *event);
/* An outage that the fact tells of. */
void outage_fact(struct run_state *state, const cJSON *event, const cJSON *value);
/* A count or a saving dies with its engine. */
void price_interrupted(struct run_state *state);
void rows_clear(struct run_state *state);
/* A step that ended well has counted its columns to their end. */
void rows_step_done(struct run_state *state, const char *step, int64_t time);
/* The table of that name, which is made when there is none. */
struct table_rows *rows_table(struct run_state *state, const char *database, const char *schema,
                              const char *name);
void live_clear(struct run_state *state);

#define REDUCER(name)                                                                              \
    bool apply_##name(struct run_state *state, const cJSON *event, struct error *error)
REDUCER(run_created);
REDUCER(step_started);
REDUCER(log);
REDUCER(progress);
REDUCER(check);
REDUCER(fact);
REDUCER(step_finished);
REDUCER(step_interrupted);
REDUCER(step_skipped);
REDUCER(steps_reset);
REDUCER(undo_started);
REDUCER(undo_finished);
REDUCER(hold_began);
REDUCER(release_started);
REDUCER(rollback_failed);
REDUCER(undo_repeated);
REDUCER(release_finished);
REDUCER(price_started);
REDUCER(price_finished);
REDUCER(price_fence_started);
REDUCER(price_fence_finished);
REDUCER(price_fence_released);
REDUCER(save_started);
REDUCER(save_finished);
REDUCER(turn_awaited);
REDUCER(turn_came);
REDUCER(turn_forced);
REDUCER(left_out);
REDUCER(gate_opened);
REDUCER(gate_answered);
REDUCER(rows_begin);
REDUCER(rows_end);
REDUCER(rows);
REDUCER(engine_started);
REDUCER(outage_began);
REDUCER(outage_ended);
REDUCER(container);
REDUCER(service);
REDUCER(writes);
#undef REDUCER

#endif
