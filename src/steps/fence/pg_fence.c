/* pg_fence.c: pg.fence, which stops all writing on a server and proves it. */
#include "steps/fence/fence.h"

#include "base/clock.h"
#include "base/json.h"
#include "postgres/catalog.h"
#include "postgres/sessions.h"
#include "steps/actions.h"

#include <stdlib.h>

#define NAMES_MAX 5
#define PAUSE_MS 5

bool fence_connect(struct fence *fence, struct error *error)
{
    const char *server = step_text(fence->run, "server");
    if (!server_find(fence->run, server, &fence->access, error) ||
        !server_needs_container(&fence->access, error))
        return false;
    fence->connection = server_open(&fence->access, error);
    return fence->connection != NULL;
}

void fence_disconnect(struct fence *fence)
{
    pg_close(fence->connection);
    fence->connection = NULL;
    server_free(&fence->access);
}

/* True when none writes; their names else. */
static bool none_writes(const struct session_list *list, struct text *names)
{
    size_t count = 0;
    text_consume(names, names->length);
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].writing && count++ < NAMES_MAX)
            text_printf(names, "%s%s", names->length ? ", " : "", list->items[i].name);
    return count == 0;
}

bool fence_await_writers(const struct fence *fence, struct text *names, struct error *error)
{
    int64_t deadline = clock_monotonic_ms() + step_duration(fence->run, "wait");
    for (;;) {
        struct session_list list;
        bool read = sessions_read(fence->connection, NULL, &list, error);
        bool none = none_writes(&list, names);
        session_list_free(&list);
        if (!read || none || clock_monotonic_ms() >= deadline)
            return read;
        clock_sleep_ms(PAUSE_MS);
    }
}

bool fence_end_sessions(struct fence *fence, const struct text *writing, struct error *error)
{
    long count = 0;
    bool ended = sessions_end(fence->connection, NULL, &count, error);
    if (ended && writing->length)
        step_check(fence->run, "ended while writing", VERDICT_WARN,
                   "%s: what their transactions had written is rolled back", text_string(writing));
    if (ended)
        step_log(fence->run, "%ld foreign sessions were ended", count);
    fence->ended += count;
    return ended;
}

/* What was recorded for a container that has been made anew since has nothing to give back to this
 * one, but for the settings of the same data. */
static void begin_record(struct fence *fence, const char *mode, const char *system)
{
    const struct server_access *access = &fence->access;
    const cJSON *held = fence->held;
    bool same = held && text_equal(json_text(held, FENCE_SYSTEM), system);
    bool same_container = same && text_equal(json_text(held, FENCE_ID), access->found.id);
    fence->record = same ? cJSON_Duplicate(held, true) : cJSON_CreateObject();
    fence_record_set(fence->record, FENCE_SERVER, cJSON_CreateString(access->name));
    fence_record_set(fence->record, FENCE_CONTAINER, cJSON_CreateString(access->container));
    fence_record_set(fence->record, FENCE_ID, cJSON_CreateString(access->found.id));
    fence_record_set(fence->record, FENCE_SYSTEM, cJSON_CreateString(system));
    fence_record_set(fence->record, FENCE_MODE, cJSON_CreateString(mode));
    if (!cJSON_GetObjectItemCaseSensitive(fence->record, FENCE_SINCE))
        cJSON_AddNumberToObject(fence->record, FENCE_SINCE, (double)clock_wall_ms());
    /* Without a proof it counts as begun only. */
    cJSON_DeleteItemFromObjectCaseSensitive(fence->record, FENCE_XID);
    cJSON_DeleteItemFromObjectCaseSensitive(fence->record, FENCE_LSN);
    if (!same_container)
        fence_record_set(fence->record, FENCE_CUT, cJSON_CreateFalse());
}

bool fence_begin_record(struct fence *fence, const char *mode, struct error *error)
{
    char *system = catalog_system(fence->connection, error);
    if (system)
        begin_record(fence, mode, system);
    free(system);
    return fence->record != NULL;
}

static bool prepare(struct fence *fence, struct error *error)
{
    const char *server = step_text(fence->run, "server");
    return fence_record_read(fence->run, server, &fence->held, error) &&
           fence_connect(fence, error) && fence_check_networks(fence, error) &&
           fence_check_before(fence, error) && fence_check_unmoved(fence, error) &&
           fence_begin_record(fence, step_text(fence->run, "mode"), error);
}

static bool wait_and_end(struct fence *fence, struct error *error)
{
    struct text writing = {0};
    bool ended =
        fence_await_writers(fence, &writing, error) && fence_end_sessions(fence, &writing, error);
    text_free(&writing);
    return ended;
}

static bool carry_out(struct fence *fence, struct error *error)
{
    fence->changed = true;
    return fence_record_write(fence->run, fence->record, error) &&
           fence_hold_settings(fence, error) && wait_and_end(fence, error) &&
           (!fence->network || fence_leave_networks(fence, error)) && fence_prove(fence, error) &&
           fence_check_unmoved(fence, error) &&
           fence_record_write(fence->run, fence->record, error);
}

static bool is_proven(const cJSON *record)
{
    return cJSON_GetObjectItemCaseSensitive(record, FENCE_XID) != NULL;
}

/* A fence that was proven before this step stays: its settings are held still. */
static bool back_to_held(struct fence *fence, struct error *error)
{
    bool cut_before = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(fence->held, FENCE_CUT));
    return (cut_before || fence_restore_networks(fence->run, fence->record, error)) &&
           fence_record_write(fence->run, fence->held, error);
}

static void take_back(struct fence *fence, struct error *error)
{
    struct error second = ERROR_INIT;
    cJSON *record = fence->record ? fence->record : fence->held;
    fence_disconnect(fence);
    if (is_proven(fence->held) ? back_to_held(fence, &second)
                               : fence_release(fence->run, record, &second))
        return;
    step_log(fence->run, "%s", error->message);
    error_wrap(&second, "%s; what was done of the fence couldn't be taken back", error->message);
    *error = second;
}

static bool run_fence(struct step_run *run, struct error *error)
{
    struct fence fence = {.run = run, .network = text_equal(step_text(run, "mode"), "network")};
    bool done = prepare(&fence, error) && carry_out(&fence, error);
    bool begun = fence.changed || (fence.held && !is_proven(fence.held));
    if (!done && begun)
        take_back(&fence, error);
    char *key = fence_record_fact(run, step_text(run, "server"));
    if (done)
        step_fact(run, key, cJSON_Duplicate(fence.record, true));
    free(key);
    fence_disconnect(&fence);
    cJSON_Delete(fence.record);
    cJSON_Delete(fence.held);
    free(fence.began);
    return done;
}

static const char *const modes[] = {"read_only", "network", NULL};

static const struct argument arguments[] = {
    {"server", ARGUMENT_SERVER, true, NULL, NULL, "the server on which nothing may be written"},
    {"mode", ARGUMENT_ENUM, false, "read_only", modes,
     "read_only: clients may still read; network: no client reaches it, only this program does"},
    {"wait", ARGUMENT_DURATION, false, "5s", NULL,
     "time for running transactions to end before their sessions are ended"},
    {"quiet", ARGUMENT_DURATION, false, "1s", NULL,
     "interval over which the WAL position has to stand still"},
    {"for", ARGUMENT_DURATION, false, "30s", NULL, "time to come to rest"},
    {"unmoved_since", ARGUMENT_TEXT, false, NULL, NULL,
     "a fact with a transaction id, such as drift: fails when anything was written since"},
    {0},
};

const struct action pg_fence_action = {
    .name = "pg.fence",
    .danger = DANGER_CHANGE,
    .help = "stop all writing on a server and prove it; a failure takes it back",
    .arguments = arguments,
    .run = run_fence,
};
