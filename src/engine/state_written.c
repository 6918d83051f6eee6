/* state_written.c: what a table's counts say to an operator: how the copy compares with the
 * snapshot, and what was written on the old server since. */
#include "engine/state_parts.h"

#include <stdio.h>
#include <string.h>

enum { SNAPSHOT, NEW, NOW };

static const char *signed_text(char *buffer, size_t size, const char *sign, long long number)
{
    char grouped[32];
    snprintf(buffer, size, "%s%s", sign, text_grouped(grouped, sizeof grouped, number));
    return buffer;
}

const char *rows_match_text(char *buffer, size_t size, const struct table_rows *table,
                            enum rows_match match)
{
    static const char *const words[] = {
        [ROWS_UNKNOWN] = "",
        [ROWS_EQUAL] = "=",
        [ROWS_EQUAL_COUNT] = "count =",
        [ROWS_CAUGHT_UP] = "caught up",
        [ROWS_COMPUTED] = "computed anew",
        [ROWS_OF_VERSION] = "extension's",
        [ROWS_CONTENTS] = "contents",
        [ROWS_DIFFERENT] = "",
        [ROWS_MISSING] = "MISSING",
        [ROWS_EXTRA] = "EXTRA",
        [ROWS_UNCOUNTED] = "not found",
    };
    long long difference = table->rows[NEW] - table->rows[SNAPSHOT];
    if (match == ROWS_DIFFERENT)
        return signed_text(buffer, size, difference > 0 ? "+" : "", difference);
    text_copy(buffer, size, words[match]);
    return buffer;
}

static bool same_table(const cJSON *item, const struct table_rows *table)
{
    return text_equal(event_text(item, "database"), table->database) &&
           text_equal(event_text(item, "schema"), table->schema) &&
           text_equal(event_text(item, "table"), table->table);
}

static const cJSON *find_table(const cJSON *list, const struct table_rows *table)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, list) if (same_table(item, table)) return item;
    return NULL;
}

const cJSON *run_state_difference(const struct run_state *state, const struct table_rows *table)
{
    return find_table(cJSON_GetObjectItemCaseSensitive(state->facts, "differences"), table);
}

/* Taken while nothing could be written: no counter knows better. */
static bool drift_is_final(const struct run_state *state)
{
    const cJSON *drift = cJSON_GetObjectItemCaseSensitive(state->facts, "drift");
    return drift && event_flag(drift, "fenced");
}

static struct written exact(const struct run_state *state, const struct table_rows *table)
{
    long long before = table->rows[SNAPSHOT], now = table->rows[NOW];
    const cJSON *drift = cJSON_GetObjectItemCaseSensitive(state->facts, "drift");
    const cJSON *kinds = find_table(cJSON_GetObjectItemCaseSensitive(drift, "list"), table);
    struct written written = {.source = WRITTEN_EXACT,
                              .any = table_rows_differ(table, SNAPSHOT, NOW),
                              .difference = (now < 0 ? 0 : now) - (before < 0 ? 0 : before),
                              .dropped = now < 0};
    if (kinds && written.any) {
        written.kinds = true;
        written.inserted = (long long)event_number(kinds, "inserted", 0);
        written.updated = (long long)event_number(kinds, "updated", 0);
        written.deleted = (long long)event_number(kinds, "deleted", 0);
    }
    return written;
}

static bool counted(const struct run_state *state, const struct table_rows *table, int column)
{
    return table->rows[column] >= 0 || state->columns[column].complete;
}

struct written run_state_written(const struct run_state *state, const struct table_rows *table)
{
    const struct row_writes *live = &table->writes;
    bool changed = live->known && (live->inserted || live->updated || live->deleted);
    bool both = counted(state, table, SNAPSHOT) && counted(state, table, NOW) &&
                (table->rows[SNAPSHOT] >= 0 || table->rows[NOW] >= 0);
    if (both && (!changed || drift_is_final(state)))
        return exact(state, table);
    if (!live->known)
        return (struct written){.source = WRITTEN_UNKNOWN};
    return (struct written){.source = WRITTEN_LIVE,
                            .any = changed,
                            .kinds = true,
                            .inserted = live->inserted,
                            .updated = live->updated,
                            .deleted = live->deleted,
                            .difference = live->inserted - live->deleted};
}

static void add_kind(struct text *text, char sign, long long rows)
{
    char grouped[32];
    if (rows)
        text_printf(text, "%s%c%s", text->length ? " " : "", sign,
                    text_grouped(grouped, sizeof grouped, rows));
}

static const char *words_without_kinds(char *buffer, size_t size, const struct written *written)
{
    if (written->difference)
        return signed_text(buffer, size, written->difference > 0 ? "+" : "", written->difference);
    text_copy(buffer, size, written->any ? "contents" : "0");
    return buffer;
}

const char *written_text(char *buffer, size_t size, const struct written *written)
{
    struct text text = {0};
    *buffer = '\0';
    if (written->source == WRITTEN_UNKNOWN)
        return buffer;
    if (written->dropped && written->source == WRITTEN_EXACT) {
        text_copy(buffer, size, "DROPPED");
        return buffer;
    }
    add_kind(&text, '+', written->inserted);
    add_kind(&text, '~', written->updated);
    add_kind(&text, '-', written->deleted);
    if (!text.length)
        return words_without_kinds(buffer, size, written);
    text_copy(buffer, size, text_string(&text));
    text_free(&text);
    return buffer;
}

static void add_up(struct written *total, const struct written *written)
{
    if (written->source == WRITTEN_UNKNOWN)
        return;
    if (total->source != WRITTEN_LIVE)
        total->source = written->source;
    total->any |= written->any;
    total->kinds &= written->kinds || !written->any;
    total->inserted += written->inserted;
    total->updated += written->updated;
    total->deleted += written->deleted;
    total->difference += written->difference;
}

struct written run_state_written_total(const struct run_state *state)
{
    struct written total = {.source = WRITTEN_UNKNOWN, .kinds = true};
    for (size_t i = 0; i < state->table_count; i++) {
        struct written written = run_state_written(state, &state->tables[i]);
        add_up(&total, &written);
    }
    if (!total.kinds)
        total.inserted = total.updated = total.deleted = 0;
    return total;
}
