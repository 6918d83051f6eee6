/* wait.c: wait: a minimum age, such as a day since the switchover. A run may be left at it and
 * taken up again: it counts from a recorded time. */
#include "steps/actions.h"
#include "steps/step.h"

#include "base/clock.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define LONGEST_SLEEP_MS 60000L
#define SHORTEST_SLEEP_MS 20L

/* Its own fact when no other one gives the time: "wait.PHASE.STEP". */
static char *own_key(const struct step_run *run)
{
    char *key = xprintf("wait.%s", run->path);
    for (char *c = key; *c; c++)
        if (*c == '/')
            *c = '.';
    return key;
}

static int64_t fact_time(const struct step_run *run, const char *key)
{
    const cJSON *fact = key && *key ? step_known(run, key) : NULL;
    return fact && cJSON_IsNumber(fact) ? (int64_t)fact->valuedouble : 0;
}

/* The time to count from, in wall milliseconds. */
static int64_t start_of(struct step_run *run)
{
    int64_t start = fact_time(run, step_text(run, "since"));
    if (start)
        return start;
    char *key = own_key(run);
    start = fact_time(run, key);
    if (!start && run->planning)
        start = clock_wall_ms();
    else if (!start) {
        start = clock_wall_ms();
        step_fact_number(run, key, (double)start);
    }
    free(key);
    return start;
}

/* Long waits need few reports; a short one shows how it goes. */
static long pause_before_next(int64_t left)
{
    int64_t pause = left / 20;
    if (pause > LONGEST_SLEEP_MS)
        pause = LONGEST_SLEEP_MS;
    if (pause < SHORTEST_SLEEP_MS)
        pause = SHORTEST_SLEEP_MS;
    return (long)(pause < left ? pause : left);
}

static bool run_wait(struct step_run *run, struct error *error)
{
    (void)error;
    char text[32];
    int64_t total = step_duration(run, "for"), start = start_of(run);
    int64_t left = start + total - clock_wall_ms();
    if (left > 0)
        step_log(run, run->planning ? "would wait for another %s" : "waiting for another %s",
                 text_duration(text, sizeof text, (long)left));
    if (run->planning)
        return true;
    while (left > 0) {
        step_progress(run, (double)(total - left) / 1000, (double)total / 1000, "seconds", NULL);
        clock_sleep_ms(pause_before_next(left));
        left = start + total - clock_wall_ms();
    }
    step_log(run, "%s have passed", text_duration(text, sizeof text, (long)total));
    return true;
}

static const struct argument arguments[] = {
    {"for", ARGUMENT_DURATION, true, NULL, NULL, "how long"},
    {"since", ARGUMENT_TEXT, false, NULL, NULL,
     "fact with the time to count from, such as switched; by default this step's first start"},
    {0},
};

const struct action wait_action = {
    .name = "wait",
    .danger = DANGER_READ,
    .help = "wait until a minimum age is reached",
    .arguments = arguments,
    .run = run_wait,
};
