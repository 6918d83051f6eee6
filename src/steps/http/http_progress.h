/* http_progress.h: how much of a file has come, reported once a second. */
#ifndef STEPS_HTTP_HTTP_PROGRESS_H
#define STEPS_HTTP_HTTP_PROGRESS_H

#include "steps/step.h"

#include <stdint.h>

/* *reported_ms is when it was last reported, monotonic, and begins with 0; `total` 0 when unknown.
 */
void http_progress(struct step_run *run, int64_t *reported_ms, unsigned long long size,
                   unsigned long long total, const char *label);

#endif
