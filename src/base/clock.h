/* clock.h: monotonic time for durations, wall time for records. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

int64_t clock_monotonic_ms(void); /* CLOCK_MONOTONIC: only differences mean anything */
int64_t clock_monotonic_us(void);
int64_t clock_wall_ms(void); /* milliseconds since 1970, UTC */
/* "2026-02-17T14:22:31.042Z"; `size` of at least 32. Returns `buffer`. */
const char *clock_iso(char *buffer, size_t size, int64_t wall_ms);
void clock_sleep_ms(long milliseconds);

#endif
