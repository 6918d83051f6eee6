/* http_progress.c: the progress of a transfer. */
#include "steps/http/http_progress.h"

#include "base/clock.h"

#define REPORT_MS 1000

void http_progress(struct step_run *run, int64_t *reported_ms, unsigned long long size,
                   unsigned long long total, const char *label)
{
    int64_t now = clock_monotonic_ms();
    if (now - *reported_ms < REPORT_MS)
        return;
    *reported_ms = now;
    step_progress(run, (double)size, (double)total, "bytes", label);
}
