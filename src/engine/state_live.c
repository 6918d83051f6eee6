/* state_live.c: the reducer's part for what the watchers tell: containers, the service, its
 * outages. (What they tell of writes is in state_writes.c.) */
#include "engine/state_parts.h"

#include <stdlib.h>
#include <string.h>

static void clear_container(struct container_state *container)
{
    free(container->name);
    free(container->image);
    free(container->state);
    free(container->health);
    free(container->trouble);
}

void live_clear(struct run_state *state)
{
    for (size_t i = 0; i < state->container_count; i++)
        clear_container(&state->containers[i]);
    free(state->containers);
    for (size_t i = 0; i < state->outage_count; i++)
        free(state->outages[i].step);
    free(state->outages);
    free(state->service.version);
    free(state->service.trouble);
    free(state->writes.trouble);
}

static struct container_state *find_container(struct run_state *state, const char *name)
{
    for (size_t i = 0; i < state->container_count; i++)
        if (!strcmp(state->containers[i].name, name))
            return &state->containers[i];
    state->containers =
        xrealloc(state->containers, (state->container_count + 1) * sizeof *state->containers);
    struct container_state *container = &state->containers[state->container_count++];
    *container =
        (struct container_state){.name = xstrdup(name), .cpu_percent = -1, .memory_bytes = -1};
    return container;
}

bool apply_container(struct run_state *state, const cJSON *event, struct error *error)
{
    const char *name = event_text(event, "name"), *trouble = event_text(event, "trouble");
    if (!name)
        return error_set(error, ERROR_OTHER, "no name in it");
    struct container_state *container = find_container(state, name);
    replace_text(&container->trouble, trouble);
    if (trouble) /* what was last seen stays, and grows stale */
        return true;
    replace_text(&container->image, event_text(event, "image"));
    replace_text(&container->state, event_text(event, "state"));
    replace_text(&container->health, event_text(event, "health"));
    container->cpu_percent = event_number(event, "cpu", -1);
    container->memory_bytes = event_number(event, "memory", -1);
    container->started_ms = (int64_t)event_number(event, "started", 0);
    container->seen_ms = event_time(event);
    return true;
}

bool apply_service(struct run_state *state, const cJSON *event, struct error *error)
{
    (void)error;
    struct service_state *service = &state->service;
    service->known = true;
    service->up = event_flag(event, "up");
    service->fast = event_flag(event, "fast");
    service->latency_ms = event_number(event, "latency_ms", 0);
    service->down_since_ms = (int64_t)event_number(event, "down_since", 0);
    service->seen_ms = event_time(event);
    replace_text(&service->trouble, event_text(event, "trouble"));
    if (event_text(event, "version"))
        replace_text(&service->version, event_text(event, "version"));
    return true;
}

/* Nobody saw the end of an outage whose watcher died: it counts until something was heard again. */
static void close_outage(struct run_state *state, int64_t time)
{
    struct outage *last = state->outage_count ? &state->outages[state->outage_count - 1] : NULL;
    if (last && last->ms < 0)
        last->ms = time > last->began_ms ? (double)(time - last->began_ms) : 0;
}

bool apply_engine_started(struct run_state *state, const cJSON *event, struct error *error)
{
    (void)error;
    if (!state->unwatched) /* what a step has measured lasts until a step sees its end */
        close_outage(state, event_time(event));
    price_interrupted(state);
    return true;
}

bool apply_outage_began(struct run_state *state, const cJSON *event, struct error *error)
{
    (void)error;
    close_outage(state, event_time(event));
    state->outages = xrealloc(state->outages, (state->outage_count + 1) * sizeof *state->outages);
    struct outage *outage = &state->outages[state->outage_count++];
    *outage = (struct outage){.ms = -1};
    replace_text(&outage->step, event_text(event, "step"));
    outage->began_ms = (int64_t)event_number(event, "at", (double)event_time(event));
    return true;
}

bool apply_outage_ended(struct run_state *state, const cJSON *event, struct error *error)
{
    if (!state->outage_count || state->outages[state->outage_count - 1].ms >= 0)
        return error_set(error, ERROR_OTHER, "no outage lasts");
    struct outage *outage = &state->outages[state->outage_count - 1];
    outage->ms = event_number(event, "ms", 0);
    outage->failures = (long)event_number(event, "failures", 0);
    return true;
}

static struct outage *last_that_lasts(struct run_state *state)
{
    struct outage *last = state->outage_count ? &state->outages[state->outage_count - 1] : NULL;
    return last && last->ms < 0 ? last : NULL;
}

static void add_step_outage(struct run_state *state, int64_t began_ms, double ms)
{
    state->outages = xrealloc(state->outages, (state->outage_count + 1) * sizeof *state->outages);
    struct outage *outage = &state->outages[state->outage_count++];
    *outage = (struct outage){.ms = ms, .failures = -1, .began_ms = began_ms};
    replace_text(&outage->step, state->current >= 0 ? state->steps[state->current].path : NULL);
}

/* What might have been one, as a deployment began, was none where it answered all the time. */
static void end_step_outage(struct run_state *state, struct outage *lasting, double ms)
{
    lasting->ms = ms > 0 ? ms : 0;
    if (ms > 0)
        return;
    free(lasting->step);
    state->outage_count--;
}

/* What a step that takes the application down measured itself: "down_since" of its fact (wall ms)
 * begins an outage, "outage_ms" is a whole one, that one where it lasts. The watcher's figures,
 * where there is one, have it already. */
void outage_fact(struct run_state *state, const cJSON *event, const cJSON *value)
{
    const cJSON *ms = cJSON_GetObjectItemCaseSensitive(value, "outage_ms"),
                *since = cJSON_GetObjectItemCaseSensitive(value, "down_since");
    if (!state->unwatched || (!cJSON_IsNumber(ms) && !cJSON_IsNumber(since)))
        return;
    struct outage *lasting = last_that_lasts(state);
    state->outage_measured = true;
    if (cJSON_IsNumber(ms) && lasting)
        end_step_outage(state, lasting, ms->valuedouble);
    else if (cJSON_IsNumber(ms) && ms->valuedouble > 0)
        add_step_outage(state, event_time(event) - (int64_t)ms->valuedouble, ms->valuedouble);
    else if (cJSON_IsNumber(since) && !lasting)
        add_step_outage(state, (int64_t)since->valuedouble, -1);
}

bool run_state_outage_known(const struct run_state *state)
{
    return !state->unwatched || state->outage_measured;
}

double run_state_outage_ms(const struct run_state *state, int64_t now_ms)
{
    double total = 0;
    if (state->finished_ms && now_ms > state->finished_ms)
        now_ms = state->finished_ms;
    for (size_t i = 0; i < state->outage_count; i++) {
        const struct outage *outage = &state->outages[i];
        double lasts = now_ms > outage->began_ms ? (double)(now_ms - outage->began_ms) : 0;
        total += outage->ms >= 0 ? outage->ms : lasts;
    }
    return total;
}
