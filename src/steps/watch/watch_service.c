/* watch_service.c: connects as a client does and tells whether the service answers, and for how
 * long it did not. */
#include "steps/watch/watch_parts.h"

#include "base/clock.h"
#include "postgres/probe.h"
#include "steps/server/server.h"

#include <string.h>
#include <unistd.h>

#define RETRY_MS 2000

bool watch_service_wanted(const struct runbook *runbook)
{
    return runbook->watch_service != NULL;
}

static void on_sample(void *context, const struct probe_sample *sample)
{
    struct step_run *run = context;
    cJSON *message = watch_message("service");
    cJSON_AddBoolToObject(message, "up", sample->up);
    cJSON_AddBoolToObject(message, "fast", sample->fast);
    cJSON_AddNumberToObject(message, "latency_ms", sample->latency_ms);
    cJSON_AddNumberToObject(message, "down_since", (double)sample->down_since_ms);
    if (sample->version && *sample->version)
        cJSON_AddStringToObject(message, "version", sample->version);
    if (sample->trouble && *sample->trouble)
        cJSON_AddStringToObject(message, "trouble", sample->trouble);
    run->report(run->context, message);
}

static void on_outage_began(void *context, const struct probe_outage *outage)
{
    struct step_run *run = context;
    cJSON *message = watch_message("outage_began");
    cJSON_AddNumberToObject(message, "at", (double)outage->began_ms);
    run->report(run->context, message);
}

static void on_outage_ended(void *context, const struct probe_outage *outage)
{
    struct step_run *run = context;
    cJSON *message = watch_message("outage_ended");
    cJSON_AddNumberToObject(message, "ms", outage->ms);
    cJSON_AddNumberToObject(message, "failures", (double)outage->failures);
    run->report(run->context, message);
}

/* The newest line decides; the pipe's end means that the engine is gone. */
static bool take_command(struct probe *probe, int commands)
{
    char buffer[256];
    ssize_t got = read(commands, buffer, sizeof buffer - 1);
    if (got <= 0)
        return false;
    buffer[got] = '\0';
    const char *fast = strstr(buffer, "fast\n"), *slow = strstr(buffer, "slow\n");
    for (const char *next; fast && (next = strstr(fast + 1, "fast\n"));)
        fast = next;
    for (const char *next; slow && (next = strstr(slow + 1, "slow\n"));)
        slow = next;
    probe_set_fast(probe, fast && (!slow || fast > slow));
    return true;
}

static void tell_unknown(struct step_run *run, const struct error *error)
{
    cJSON *message = watch_message("service");
    cJSON_AddFalseToObject(message, "up");
    cJSON_AddStringToObject(message, "trouble", error->message);
    run->report(run->context, message);
}

void watch_service(struct step_run *run, int commands)
{
    static const struct probe_events events = {on_sample, on_outage_began, on_outage_ended};
    struct server_access access = {0};
    struct error error = ERROR_INIT;
    if (!server_find_as_client(run, run->runbook->watch_service, &access, &error)) {
        tell_unknown(run, &error); /* the engine starts this watcher again after a while */
        server_free(&access);
        clock_sleep_ms(RETRY_MS);
        return;
    }
    struct probe *probe = probe_new(&access.parameters, &events, run);
    if (access.relay)
        probe_set_patient(probe);
    while (!probe_run(probe, commands, 60000) || take_command(probe, commands))
        continue;
    probe_free(probe);
    server_free(&access);
}
