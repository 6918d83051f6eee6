/* state_writes.c: the reducer's part for what the old server has taken since the backup's snapshot,
 * by its own counters. */
#include "engine/state_parts.h"

#include <string.h>

static const cJSON *base_of(const struct run_state *state)
{
    const cJSON *backup = cJSON_GetObjectItemCaseSensitive(state->facts, "backup");
    return cJSON_GetObjectItemCaseSensitive(backup, "writes");
}

static void forget(struct run_state *state)
{
    for (size_t i = 0; i < state->table_count; i++)
        state->tables[i].writes = (struct row_writes){0};
    state->writes.known = false;
    state->writes.unnamed = 0;
    replace_text(&state->writes.trouble, NULL);
}

/* What `now` counts more than `base` (or than nothing). */
static long long more(const cJSON *now, const cJSON *base, const char *name)
{
    return (long long)(event_number(now, name, 0) - event_number(base, name, 0));
}

static void take_sums(struct writes_state *writes, const cJSON *now, const cJSON *base)
{
    writes->inserted = more(now, base, "inserted");
    writes->updated = more(now, base, "updated");
    writes->deleted = more(now, base, "deleted");
    writes->known = writes->inserted >= 0 && writes->updated >= 0 && writes->deleted >= 0;
    if (!writes->known)
        replace_text(&writes->trouble, "the old server's statistics were reset since the backup");
}

/* A table that isn't named was not written, when all that were are named. */
static void take_tables(struct run_state *state, const cJSON *since)
{
    const cJSON *item;
    state->writes.unnamed = (size_t)event_number(since, "more", 0);
    for (size_t i = 0; !state->writes.unnamed && i < state->table_count; i++)
        state->tables[i].writes.known = true;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(since, "tables"))
    {
        const char *database = event_text(item, "database"), *schema = event_text(item, "schema");
        const char *name = event_text(item, "table");
        if (!database || !schema || !name)
            continue;
        rows_table(state, database, schema, name)->writes =
            (struct row_writes){.known = true,
                                .inserted = more(item, NULL, "inserted"),
                                .updated = more(item, NULL, "updated"),
                                .deleted = more(item, NULL, "deleted")};
    }
}

/* The counters count from the server's own beginning: only what was added since the backup's
 * snapshot says something, and only of the server that the backup was taken from. The watcher says
 * it table by table once it knows which backup the run goes by. */
bool apply_writes(struct run_state *state, const cJSON *event, struct error *error)
{
    (void)error;
    const cJSON *base = base_of(state), *since = cJSON_GetObjectItemCaseSensitive(event, "since");
    const char *system = event_text(event, "system");
    forget(state);
    state->writes.seen_ms = event_time(event);
    if (!base || !system || !text_equal(event_text(base, "system"), system))
        return true;
    if (event_text(event, "unknown")) {
        replace_text(&state->writes.trouble, event_text(event, "unknown"));
    } else if (since && event_number(since, "base", 0) == event_number(base, "base", -1)) {
        take_sums(&state->writes, since, NULL);
        take_tables(state, since);
    } else {
        take_sums(&state->writes, event, base);
    }
    return true;
}
