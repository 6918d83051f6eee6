/* control.h: the client's side of a run: its directory, its engine's socket, commands and events.
 */
#ifndef ENGINE_CONTROL_H
#define ENGINE_CONTROL_H

#include "base/error.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

struct control; /* one connection to one run's engine */

/* Connects to the engine of the run in `directory`. `watch`: this client may decide nothing, and
 * the engine refuses its commands. Where no engine answers, control_read hands out the journal and
 * then says that the connection is closed; every command fails. The caller closes it. */
struct control *control_open(const char *directory, bool watch, struct error *error);
/* The same for one whose connection is lost, to be called every second or so: NULL without an error
 * while no engine answers and the journal is as long as it was. `journal_bytes` is that length, the
 * caller's to keep from call to call, -1 at first and whenever an engine has answered. */
struct control *control_open_again(const char *directory, bool watch, int64_t *journal_bytes,
                                   struct error *error);
void control_close(struct control *control);
/* For poll(): readable means control_read has something. */
int control_descriptor(const struct control *control);
/* Reads what is there without blocking and hands every event (the whole journal first, then what
 * follows, live messages too) to `on_event`, which doesn't own it. {"type":"caught_up"} marks the
 * end of the journal's replay; {"type":"reply","ok":false,"message":...} answers a refused command.
 * False with `error` when the engine has closed the connection. */
bool control_read(struct control *control, void (*on_event)(void *context, const cJSON *event),
                  void *context, struct error *error);

/* Commands. The engine answers a refused one with a "reply" event. `opening` is gate_state.opening
 * of the gate that the operator saw. */
bool control_confirm(struct control *control, const char *step, long opening, const char *phrase,
                     struct error *error);
/* By the gate's name alone, as `--confirm GATE` does: the engine refuses it where rows would be
 * lost. */
bool control_confirm_named(struct control *control, const char *step, long opening,
                           struct error *error);
bool control_decline(struct control *control, const char *step, long opening, struct error *error);
bool control_retry(struct control *control, struct error *error); /* failed step or declined gate */
bool control_skip(struct control *control, struct error *error); /* failed step that is no gate's */
bool control_pause(struct control *control, bool pause, struct error *error);
/* Where the rollback has a price (run_state_price_step) the engine counts it first; when that is
 * nothing, it rolls back at once, else it waits for one of the two answers. `taken_ms` is
 * price_state.taken_ms of the price that the operator saw. */
bool control_rollback(struct control *control, const char *reason, struct error *error);
bool control_rollback_saving(struct control *control, const char *reason, int64_t taken_ms,
                             struct error *error);
bool control_rollback_losing(struct control *control, const char *reason, int64_t taken_ms,
                             const char *phrase, struct error *error);
bool control_price(struct control *control, struct error *error); /* counts it, no more */
/* Takes what the gate offers (gate_state.offer). */
bool control_offer(struct control *control, const char *step, long opening, struct error *error);

/* In a run of several environments: lets this one begin the phase, which the operator saw it wait
 * before, ahead of those that it waits for; or leaves it out, which only one that hasn't begun can
 * be. */
bool control_go_first(struct control *control, const char *phase, struct error *error);
bool control_leave_out(struct control *control, struct error *error);

#endif
