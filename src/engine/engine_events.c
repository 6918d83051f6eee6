/* engine_events.c: numbering, journaling, applying and sending events. */
#include "engine/engine_parts.h"

#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

cJSON *engine_event(const char *type)
{
    cJSON *event = cJSON_CreateObject();
    cJSON_AddStringToObject(event, "type", type);
    return event;
}

cJSON *engine_step_event(const char *type, const char *step)
{
    cJSON *event = engine_event(type);
    cJSON_AddStringToObject(event, "step", step);
    return event;
}

static void set_number(cJSON *event, const char *name, double value)
{
    cJSON_DeleteItemFromObjectCaseSensitive(event, name);
    cJSON_AddNumberToObject(event, name, value);
}

static bool apply(struct engine *engine, const cJSON *event)
{
    struct error error = ERROR_INIT;
    if (run_state_apply(engine->state, event, &error))
        return true;
    fprintf(stderr, "pgrunbook: left out: %s\n", error.message);
    return false;
}

static char *print_line(const cJSON *event)
{
    char *json = cJSON_PrintUnformatted(event);
    char *line = xprintf("%s\n", json ? json : "{}");
    free(json);
    return line;
}

/* What the state refuses never reaches the journal: a later start would refuse it as well. */
void engine_emit(struct engine *engine, cJSON *event)
{
    set_number(event, "seq", (double)(engine->state->sequence + 1));
    set_number(event, "time", (double)clock_wall_ms());
    char *line = print_line(event);
    size_t length = strlen(line);
    if (!engine->broken && apply(engine, event)) {
        engine->broken = !journal_append(engine->journal, line, length, &engine->failure);
        text_append(&engine->outbox, line, length);
    }
    free(line);
    cJSON_Delete(event);
}

void engine_emit_live(struct engine *engine, cJSON *event, const char *key)
{
    set_number(event, "time", (double)clock_wall_ms());
    apply(engine, event);
    char *line = print_line(event);
    text_add(&engine->outbox, line);
    free(line);
    cJSON_DeleteItemFromObjectCaseSensitive(engine->live, key);
    cJSON_AddItemToObject(engine->live, key, event);
}

bool engine_sync(struct engine *engine)
{
    if (!engine->broken && !journal_sync(engine->journal, &engine->failure))
        engine->broken = true;
    if (engine->broken)
        return false;
    engine->reached_on_disk = engine->state->hold.reached;
    /* Several events can belong together: a client decides only once it has seen all of them. */
    if (engine->outbox.length)
        text_add(&engine->outbox, "{\"type\":\"settled\"}\n");
    if (engine->outbox.length)
        clients_send(&engine->clients, engine->outbox.bytes, engine->outbox.length);
    text_consume(&engine->outbox, engine->outbox.length);
    return true;
}

static bool send_line(void *context, const char *line, size_t length, struct error *error)
{
    (void)error;
    client_send(context, line, length);
    return true;
}

void engine_replay(struct engine *engine, struct client *client)
{
    static const char caught_up[] = "{\"type\":\"caught_up\"}\n";
    char *path = xprintf("%s/journal.jsonl", engine->directory);
    struct error error = ERROR_INIT;
    if (!journal_read(path, send_line, client, &error))
        fprintf(stderr, "pgrunbook: %s\n", error.message);
    free(path);
    const cJSON *message;
    cJSON_ArrayForEach(message, engine->live)
    {
        char *line = print_line(message);
        client_send(client, line, strlen(line));
        free(line);
    }
    client_send(client, caught_up, strlen(caught_up));
    client->attached = true;
}

char *engine_redact(const struct engine *engine, const char *text)
{
    return runbook_redact(engine->runbook, text);
}
