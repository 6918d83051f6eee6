/* state_rows.c: the reducer's part for row counts: three columns over one sorted list of tables. */
#include "engine/state_parts.h"

#include <stdlib.h>
#include <string.h>

#define COLUMNS 3
enum { SNAPSHOT, NEW, NOW };

static void free_table(struct table_rows *table)
{
    free(table->database);
    free(table->schema);
    free(table->table);
    for (size_t i = 0; i < COLUMNS; i++)
        free(table->digest[i]);
    for (size_t i = 0; i < COLUMNS; i++)
        free(table->kind[i]);
}

void rows_clear(struct run_state *state)
{
    for (size_t i = 0; i < state->table_count; i++)
        free_table(&state->tables[i]);
    free(state->tables);
    for (size_t i = 0; i < COLUMNS; i++)
        free(state->columns[i].step);
    state->tables = NULL;
    state->table_count = state->table_capacity = 0;
}

static void complete_column(struct column_state *column, int64_t time)
{
    if (column->complete)
        return;
    column->complete = true;
    column->counted_ms = time;
}

void rows_step_done(struct run_state *state, const char *step, int64_t time)
{
    for (size_t i = 0; i < COLUMNS; i++)
        if (text_equal(state->columns[i].step, step))
            complete_column(&state->columns[i], time);
}

static bool unknown_everywhere(const struct table_rows *table)
{
    return table->rows[SNAPSHOT] < 0 && table->rows[NEW] < 0 && table->rows[NOW] < 0;
}

static bool column_of(const cJSON *event, int *column, struct error *error)
{
    double number = event_number(event, "column", -1);
    *column = (int)number;
    return (number >= 0 && number < COLUMNS) || error_set(error, ERROR_OTHER, "no such column");
}

bool apply_rows_begin(struct run_state *state, const cJSON *event, struct error *error)
{
    int column;
    if (!column_of(event, &column, error))
        return false;
    size_t kept = 0;
    for (size_t i = 0; i < state->table_count; i++) {
        state->tables[i].rows[column] = -1;
        replace_text(&state->tables[i].digest[column], NULL);
        replace_text(&state->tables[i].kind[column], NULL);
        if (unknown_everywhere(&state->tables[i]))
            free_table(&state->tables[i]);
        else
            state->tables[kept++] = state->tables[i];
    }
    state->table_count = kept;
    replace_text(&state->columns[column].step, event_text(event, "step"));
    state->columns[column].complete = false;
    return true;
}

/* A comparison that fails on what it has found has counted all the same. */
bool apply_rows_end(struct run_state *state, const cJSON *event, struct error *error)
{
    int column;
    if (!column_of(event, &column, error))
        return false;
    complete_column(&state->columns[column], event_time(event));
    return true;
}

static int compare_name(const struct table_rows *table, const char *const names[3])
{
    int order = strcmp(table->database, names[0]);
    if (!order)
        order = strcmp(table->schema, names[1]);
    return order ? order : strcmp(table->table, names[2]);
}

/* Where the table stands, or where it belongs. */
static size_t table_position(const struct run_state *state, const char *const names[3])
{
    size_t low = 0, high = state->table_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_name(&state->tables[middle], names) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct table_rows *insert_table(struct run_state *state, size_t at,
                                       const char *const names[3])
{
    if (state->table_count == state->table_capacity) {
        state->table_capacity = state->table_capacity ? 2 * state->table_capacity : 64;
        state->tables = xrealloc(state->tables, state->table_capacity * sizeof *state->tables);
    }
    struct table_rows *table = &state->tables[at];
    memmove(table + 1, table, (state->table_count - at) * sizeof *table);
    *table = (struct table_rows){.database = xstrdup(names[0]),
                                 .schema = xstrdup(names[1]),
                                 .table = xstrdup(names[2]),
                                 .rows = {-1, -1, -1}};
    state->table_count++;
    return table;
}

struct table_rows *rows_table(struct run_state *state, const char *database, const char *schema,
                              const char *name)
{
    const char *const names[3] = {database, schema, name};
    size_t at = table_position(state, names);
    bool there = at < state->table_count && !compare_name(&state->tables[at], names);
    return there ? &state->tables[at] : insert_table(state, at, names);
}

bool apply_rows(struct run_state *state, const cJSON *event, struct error *error)
{
    int column;
    const char *const names[3] = {event_text(event, "database"), event_text(event, "schema"),
                                  event_text(event, "table")};
    if (!column_of(event, &column, error))
        return false;
    if (!names[0] || !names[1] || !names[2])
        return error_set(error, ERROR_OTHER, "no table in it");
    struct table_rows *table = rows_table(state, names[0], names[1], names[2]);
    table->rows[column] = (long long)event_number(event, "rows", -1);
    replace_text(&table->digest[column], event_text(event, "digest"));
    replace_text(&table->kind[column], event_text(event, "kind"));
    return true;
}

static long long distance(long long left, long long right)
{
    return left > right ? left - right : right - left;
}

bool table_rows_differ(const struct table_rows *table, int left, int right)
{
    if (table->rows[left] != table->rows[right])
        return true;
    return table->digest[left] && table->digest[right] &&
           strcmp(table->digest[left], table->digest[right]) != 0;
}

/* The new server has the very rows that the old one has now: what was written after the snapshot
 * was copied again. Only contents prove it. */
static bool has_what_is_now(const struct table_rows *table)
{
    return table->rows[NEW] >= 0 && table->digest[NEW] && table->digest[NOW] &&
           !table_rows_differ(table, NEW, NOW);
}

static bool is_view(const struct table_rows *table, int column)
{
    return text_equal(table->kind[column], "materialised view");
}

static bool is_of_extension(const struct table_rows *table, int column)
{
    return text_equal(table->kind[column], "extension");
}

/* Whether the step that fills the column has stopped counting, however it ended. */
static bool count_has_ended(const struct run_state *state, int column)
{
    long step = run_state_step(state, state->columns[column].step);
    return step >= 0 && state->steps[step].status != STEP_RUNNING;
}

static enum rows_match match_counted(const struct table_rows *table)
{
    if (!table_rows_differ(table, SNAPSHOT, NEW))
        return table->digest[SNAPSHOT] && table->digest[NEW] ? ROWS_EQUAL : ROWS_EQUAL_COUNT;
    if (has_what_is_now(table))
        return ROWS_CAUGHT_UP;
    if (is_view(table, SNAPSHOT) && is_view(table, NEW))
        return ROWS_COMPUTED;
    return table->rows[SNAPSHOT] == table->rows[NEW] ? ROWS_CONTENTS : ROWS_DIFFERENT;
}

static enum rows_match match_extra(const struct table_rows *table)
{
    if (has_what_is_now(table))
        return ROWS_CAUGHT_UP;
    return is_view(table, NEW)           ? ROWS_COMPUTED
           : is_of_extension(table, NEW) ? ROWS_OF_VERSION
                                         : ROWS_EXTRA;
}

/* A table that only one of two columns has is a difference once the other one's count is complete.
 */
enum rows_match run_state_match(const struct run_state *state, const struct table_rows *table)
{
    long long before = table->rows[SNAPSHOT], after = table->rows[NEW];
    if (before >= 0 && after >= 0)
        return match_counted(table);
    if (before >= 0 && state->columns[NEW].complete)
        return before == 0 && is_of_extension(table, SNAPSHOT) ? ROWS_OF_VERSION : ROWS_MISSING;
    if (after >= 0 && state->columns[SNAPSHOT].complete)
        return match_extra(table);
    return before >= 0 && count_has_ended(state, NEW) ? ROWS_UNCOUNTED : ROWS_UNKNOWN;
}

bool rows_match_is_bad(enum rows_match match)
{
    return match >= ROWS_CONTENTS;
}

static long long at_least_none(long long rows)
{
    return rows < 0 ? 0 : rows;
}

static void summarise(const struct run_state *state, const struct table_rows *table,
                      struct rows_summary *summary)
{
    long long before = table->rows[SNAPSHOT], after = table->rows[NEW], now = table->rows[NOW];
    enum rows_match match = run_state_match(state, table);
    if (before >= 0 || after >= 0)
        summary->tables++;
    summary->rows += at_least_none(before);
    summary->compared += before >= 0 && after >= 0;
    summary->caught_up += match == ROWS_CAUGHT_UP;
    summary->computed += match == ROWS_COMPUTED;
    summary->of_version += match == ROWS_OF_VERSION;
    if (rows_match_is_bad(match) && match != ROWS_UNCOUNTED) {
        summary->different++;
        summary->difference += distance(at_least_none(before), at_least_none(after));
    }
    if (!summary->drift_known || (now < 0 && before < 0) ||
        !table_rows_differ(table, SNAPSHOT, NOW) || has_what_is_now(table) ||
        (is_view(table, SNAPSHOT) && is_view(table, NOW)))
        return;
    summary->drifted_tables++;
    summary->drifted_rows += distance(at_least_none(before), at_least_none(now));
}

struct rows_summary run_state_rows(const struct run_state *state)
{
    struct rows_summary summary = {0};
    summary.drift_known = state->columns[SNAPSHOT].complete && state->columns[NOW].complete &&
                          state->columns[NOW].counted_ms >= state->columns[SNAPSHOT].counted_ms;
    for (size_t i = 0; i < state->table_count; i++)
        summarise(state, &state->tables[i], &summary);
    return summary;
}
