/* watch_writes.c: reads the old server's counters of what was written, every few seconds. What they
 * said at the backup's snapshot is a fact; the state takes the difference. */
#include "steps/watch_parts.h"

#include "postgres/drift.h"
#include "steps/server.h"

#include <poll.h>
#include <unistd.h>

#define PERIOD_MS 3000
#define SOURCE "old" /* the runbook's name of the server that is left */

bool watch_writes_wanted(const struct runbook *runbook)
{
    return runbook_server(runbook, SOURCE) != NULL;
}

static void tell(struct step_run *run, const struct drift_counters *counters)
{
    cJSON *message = watch_message("writes");
    cJSON_AddStringToObject(message, "system", counters->system);
    cJSON_AddNumberToObject(message, "inserted", (double)counters->inserted);
    cJSON_AddNumberToObject(message, "updated", (double)counters->updated);
    cJSON_AddNumberToObject(message, "deleted", (double)counters->deleted);
    run->report(run->context, message);
}

/* True while the engine lives. */
static bool pause_between(int commands)
{
    struct pollfd engine = {.fd = commands, .events = POLLIN};
    char ignored[64];
    return poll(&engine, 1, PERIOD_MS) <= 0 || read(commands, ignored, sizeof ignored) > 0;
}

/* Follows one server until it goes away. */
static bool follow(struct step_run *run, const struct server_access *access, int commands)
{
    struct error error = ERROR_INIT;
    struct drift_counters counters;
    struct drift *drift = drift_open(&access->parameters, &error);
    bool alive = true;
    while (alive && drift && drift_read(drift, &counters, &error)) {
        tell(run, &counters);
        alive = pause_between(commands);
    }
    drift_close(drift);
    return alive;
}

void watch_writes(struct step_run *run, int commands)
{
    bool alive = true;
    while (alive) {
        struct server_access access = {0};
        struct error ignored = ERROR_INIT; /* a server that is away is the service probe's story */
        if (server_find(run, SOURCE, &access, &ignored))
            alive = follow(run, &access, commands);
        server_free(&access);
        alive = alive && pause_between(commands);
    }
}
