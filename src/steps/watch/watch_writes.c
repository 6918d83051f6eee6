/* watch_writes.c: reads the old server's counters of what was written, every few seconds, and says
 * what they count more than at the backup's snapshot, table by table. */
#include "steps/watch/watch_parts.h"

#include "postgres/drift.h"
#include "steps/drift/write_base.h"
#include "steps/server/server.h"

#include <poll.h>
#include <unistd.h>

#define PERIOD_MS 3000
#define TABLES_MAX 300 /* in one message */
#define SOURCE "old"   /* the runbook's name of the server that is left */

bool watch_writes_wanted(const struct runbook *runbook)
{
    return runbook_server(runbook, SOURCE) != NULL;
}

static void add_rows(cJSON *object, const struct table_writes *writes)
{
    cJSON_AddNumberToObject(object, "inserted", (double)writes->inserted);
    cJSON_AddNumberToObject(object, "updated", (double)writes->updated);
    cJSON_AddNumberToObject(object, "deleted", (double)writes->deleted);
}

static void add_table(cJSON *tables, const struct table_writes *writes)
{
    cJSON *item = cJSON_CreateObject();
    cJSON_AddStringToObject(item, "database", writes->database);
    cJSON_AddStringToObject(item, "schema", writes->schema);
    cJSON_AddStringToObject(item, "table", writes->table);
    add_rows(item, writes);
    cJSON_AddItemToArray(tables, item);
}

static void add_to(struct table_writes *sum, const struct table_writes *writes)
{
    sum->inserted += writes->inserted;
    sum->updated += writes->updated;
    sum->deleted += writes->deleted;
}

/* The tables that were written most, one by one, and all in sum: a server may have many thousand.
 */
static void add_since(cJSON *message, const struct write_counters *since, int64_t base)
{
    struct table_writes sum = {0};
    cJSON *object = cJSON_AddObjectToObject(message, "since");
    cJSON *tables = cJSON_AddArrayToObject(object, "tables");
    for (size_t i = 0; i < since->count; i++) {
        add_to(&sum, &since->tables[i]);
        if (i < TABLES_MAX)
            add_table(tables, &since->tables[i]);
    }
    cJSON_AddNumberToObject(object, "base", (double)base);
    cJSON_AddNumberToObject(object, "more",
                            since->count > TABLES_MAX ? (double)(since->count - TABLES_MAX) : 0);
    add_rows(object, &sum);
}

/* The sums as the server counts them, and, once there is a backup, what was written since. */
static void tell(struct step_run *run, struct write_counters *now, struct write_base *base)
{
    struct table_writes sum = {0};
    struct write_counters since = {0};
    struct error error = ERROR_INIT;
    cJSON *message = watch_message("writes");
    for (size_t i = 0; i < now->count; i++)
        add_to(&sum, &now->tables[i]);
    cJSON_AddStringToObject(message, "system", now->system);
    add_rows(message, &sum);
    bool based = write_base_refresh(run, base);
    if (based && write_counters_since(&base->counters, now, &since, &error))
        add_since(message, &since, base->id);
    else if (based)
        cJSON_AddStringToObject(message, "unknown", error.message);
    write_counters_free(&since);
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
static bool follow(struct step_run *run, const struct server_access *access,
                   struct write_base *base, int commands)
{
    struct error error = ERROR_INIT;
    struct write_counters counters = {0};
    struct drift *drift = drift_open(&access->parameters, &error);
    bool alive = true;
    while (alive && drift && drift_read_tables(drift, &counters, &error)) {
        tell(run, &counters, base);
        write_counters_free(&counters);
        alive = pause_between(commands);
    }
    write_counters_free(&counters);
    drift_close(drift);
    return alive;
}

void watch_writes(struct step_run *run, int commands)
{
    struct write_base base = {0};
    bool alive = true;
    while (alive) {
        struct server_access access = {0};
        struct error ignored = ERROR_INIT; /* a server that is away is the service probe's story */
        if (server_find(run, SOURCE, &access, &ignored))
            alive = follow(run, &access, &base, commands);
        server_free(&access);
        alive = alive && pause_between(commands);
    }
    write_base_free(&base);
}
