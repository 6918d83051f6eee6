/* words.h: how the screen says statuses, verdicts, times and rates: one place, one wording. */
#ifndef UI_WORDS_H
#define UI_WORDS_H

#include "engine/state.h"
#include "ui/theme.h"

#include <stddef.h>
#include <stdint.h>

enum role words_step_role(enum step_status status);
enum glyph words_step_glyph(enum step_status status);
enum role words_verdict_role(int verdict);
enum glyph words_verdict_glyph(int verdict);
const char *words_database(int availability); /* "available", "read-only"... */
const char *words_danger(int danger);         /* "reads", "changes", "destroys" */

/* Each writes into `buffer` (at least 48 bytes) and returns it. */
/* How long the step ran or has run; "" when it never did. */
const char *words_step_time(char *buffer, size_t size, const struct step_state *step,
                            int64_t now_ms);
/* "82.1 MB of 158.2 MB", "12 of 14 tables". */
const char *words_progress(char *buffer, size_t size, const struct step_state *step);
/* "50.2 MB/s, about 2 s left"; "" while nothing can be said. */
const char *words_rate(char *buffer, size_t size, const struct step_state *step, int64_t now_ms);
/* Local time of day, "14:22:31". */
const char *words_clock(char *buffer, size_t size, int64_t wall_ms);
/* "1 842 ms". */
const char *words_ms(char *buffer, size_t size, double milliseconds);
/* Seconds with tenths, for what ticks: "12.3 s", then "2 min 5 s". */
/* "0:12", "15:00", "1:02:03": for what runs against a limit. */
const char *words_minutes(char *buffer, size_t size, int64_t milliseconds);
/* What the run holds, with its time: "writes fenced 0:12 of 15:00". */
const char *words_held(char *buffer, size_t size, const struct run_state *state, int64_t now_ms);
const char *words_ticking(char *buffer, size_t size, int64_t milliseconds);

/* Milliseconds that the step ran or has run, -1 when it never did. */
long words_step_ms(const struct step_state *step, int64_t now_ms);

#endif
