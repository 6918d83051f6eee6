/* row_table.c: the row-count panel's columns and differences without a screen. */
#include "cli/row_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_MAX 50
#define CELLS 5

enum { SNAPSHOT, NEW, NOW };

static bool noteworthy(const struct run_state *state, const struct table_rows *table)
{
    enum rows_match match = run_state_match(state, table);
    return rows_match_is_bad(match) || match == ROWS_CAUGHT_UP || match == ROWS_COMPUTED ||
           match == ROWS_OF_VERSION || run_state_written(state, table).any;
}

static void add_line(struct text *output, const char *name, const char *const cells[CELLS])
{
    static const int widths[CELLS] = {14, 14, 12, 14, 18};
    text_printf(output, "  %-40s", name);
    for (size_t i = 0; i < CELLS; i++)
        text_printf(output, " %*s", widths[i], *cells[i] ? cells[i] : "-");
    text_add(output, "\n");
}

static const char *count_text(char *buffer, size_t size, long long rows)
{
    *buffer = '\0';
    return rows < 0 ? buffer : text_grouped(buffer, size, rows);
}

static void add_table(const struct run_state *state, const struct table_rows *table,
                      struct text *output)
{
    char counts[3][32], match[64], since[96];
    struct written written = run_state_written(state, table);
    for (size_t i = 0; i < 3; i++)
        count_text(counts[i], sizeof counts[i], table->rows[i]);
    rows_match_text(match, sizeof match, table, run_state_match(state, table));
    const char *const cells[CELLS] = {counts[SNAPSHOT], counts[NEW], match, counts[NOW],
                                      written_text(since, sizeof since, &written)};
    char *name = xprintf("%s: %s.%s", table->database, table->schema, table->table);
    add_line(output, name, cells);
    free(name);
}

void row_table(const struct run_state *state, struct text *output)
{
    static const char *const heading[CELLS] = {"snapshot", "new server", "difference",
                                               "old server now", "written since"};
    size_t shown = 0;
    for (size_t i = 0; i < state->table_count; i++) {
        if (!noteworthy(state, &state->tables[i]))
            continue;
        if (!shown)
            add_line(output, "row counts", heading);
        if (shown++ < SHOWN_MAX)
            add_table(state, &state->tables[i], output);
    }
    if (shown > SHOWN_MAX)
        text_printf(output, "  and %zu more tables; pgrunbook report has all of them\n",
                    shown - SHOWN_MAX);
}
