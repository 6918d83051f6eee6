/* row_counts.c: the panel of exact row counts side by side: in the snapshot, on the new server,
 * their difference, and what the old server has taken since. */
#include "ui/panels/panel.h"
#include "ui/view.h"
#include "ui/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SNAPSHOT, NEW, NOW };

struct row_counts_state {
    bool only_different; /* hides what matches */
};

enum match {
    MATCH_UNKNOWN,
    MATCH_EQUAL,
    MATCH_DIFFERENT,
    MATCH_MISSING,
    MATCH_EXTRA,
    MATCH_UNCOUNTED, /* the count has ended without saying a number */
};

/* Whether the step that fills the column has stopped counting, however it ended. */
static bool count_has_ended(const struct run_state *state, int column)
{
    long step = run_state_step(state, state->columns[column].step);
    return step >= 0 && state->steps[step].status != STEP_RUNNING;
}

/* A table that one side lacks is a difference once that side's count has come to its end. */
static enum match compare(const struct run_state *state, const struct table_rows *table)
{
    long long before = table->rows[SNAPSHOT], after = table->rows[NEW];
    if (before >= 0 && after >= 0)
        return before == after ? MATCH_EQUAL : MATCH_DIFFERENT;
    if (before >= 0 && state->columns[NEW].complete)
        return MATCH_MISSING;
    if (after >= 0 && state->columns[SNAPSHOT].complete)
        return MATCH_EXTRA;
    return before >= 0 && count_has_ended(state, NEW) ? MATCH_UNCOUNTED : MATCH_UNKNOWN;
}

/* What was written since the snapshot, by the counts; false while it can't be said. */
static bool written(const struct table_rows *table, long long *rows)
{
    *rows = table->rows[NOW] - table->rows[SNAPSHOT];
    return table->rows[NOW] >= 0 && table->rows[SNAPSHOT] >= 0;
}

static void row_counts_title(const struct view *view, struct text *title)
{
    struct rows_summary rows = run_state_rows(view->state);
    const char *dot = view->glyphs[GLYPH_DOT];
    text_add(title, "Row counts");
    if (!rows.tables)
        return;
    text_printf(title, " %s %zu tables, %zu compared", dot, rows.tables, rows.compared);
    if (rows.different)
        text_printf(title, ", %zu DIFFERENT", rows.different);
    else if (rows.compared)
        text_add(title, rows.compared == rows.tables ? ", all equal" : ", none different");
}

/* The columns that the largest number takes, so that no number is ever cut. */
static int number_columns(const struct run_state *state)
{
    long long largest = 0;
    char buffer[32];
    for (size_t i = 0; i < state->table_count; i++)
        for (int column = SNAPSHOT; column <= NOW; column++)
            if (state->tables[i].rows[column] > largest)
                largest = state->tables[i].rows[column];
    int columns = (int)strlen(text_grouped(buffer, sizeof buffer, largest)) + 2;
    return columns < 11 ? 11 : columns;
}

static void add_number(struct lines *lines, enum role role, long long number, bool sign,
                       int columns)
{
    char grouped[32], buffer[40];
    text_grouped(grouped, sizeof grouped, number);
    snprintf(buffer, sizeof buffer, "%s%s", sign && number > 0 ? "+" : "", grouped);
    lines_cell(lines, role, buffer, columns, FIT_RIGHT);
}

static void add_count(struct lines *lines, long long rows, int columns)
{
    if (rows < 0)
        lines_cell(lines, ROLE_FAINT, lines->glyphs[GLYPH_NONE], columns, FIT_RIGHT);
    else
        add_number(lines, ROLE_TEXT, rows, false, columns);
}

static void add_match(struct lines *lines, const struct table_rows *table, enum match match,
                      int columns)
{
    const char *none = lines->glyphs[GLYPH_NONE];
    const char *const words[] = {
        [MATCH_UNKNOWN] = none,      [MATCH_EQUAL] = "=",     [MATCH_DIFFERENT] = "",
        [MATCH_MISSING] = "MISSING", [MATCH_EXTRA] = "EXTRA", [MATCH_UNCOUNTED] = "not found"};
    enum role role = match == MATCH_UNKNOWN ? ROLE_FAINT
                     : match == MATCH_EQUAL ? ROLE_GOOD
                                            : ROLE_BAD;
    if (match == MATCH_DIFFERENT)
        add_number(lines, role, table->rows[NEW] - table->rows[SNAPSHOT], true, columns);
    else
        lines_cell(lines, role, words[match], columns, FIT_RIGHT);
}

static void add_table(const struct view *view, struct lines *lines, const struct table_rows *table,
                      int name_columns, int columns)
{
    long long since;
    lines_begin(lines, -1);
    struct text name = {0};
    text_printf(&name, "%s.%s", table->schema, table->table);
    lines_add(lines, ROLE_TEXT, "   ");
    lines_cell(lines, ROLE_TEXT, text_string(&name), name_columns - 3, FIT_LEFT);
    lines_freeze(lines);
    text_free(&name);
    add_count(lines, table->rows[SNAPSHOT], columns);
    add_count(lines, table->rows[NEW], columns);
    add_match(lines, table, compare(view->state, table), columns);
    add_count(lines, table->rows[NOW], columns);
    if (!written(table, &since))
        lines_cell(lines, ROLE_FAINT, lines->glyphs[GLYPH_NONE], columns, FIT_RIGHT);
    else if (since == 0)
        lines_cell(lines, ROLE_TEXT, "0", columns, FIT_RIGHT);
    else
        add_number(lines, ROLE_WARN, since, true, columns);
}

static void add_heading(struct lines *lines, int name_columns, int columns)
{
    static const char *const names[] = {"snapshot", "new", "difference", "now", "written"};
    lines_begin(lines, -1);
    lines_cell(lines, ROLE_FAINT, " table", name_columns, FIT_LEFT);
    lines_freeze(lines);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        lines_cell(lines, ROLE_FAINT, names[i], columns, FIT_RIGHT);
    lines->header = lines->count;
}

static void add_database(struct lines *lines, const char *database)
{
    lines_begin(lines, -1);
    lines_printf(lines, ROLE_STRONG, " %s", database);
}

/* The counters also see updates, which no row count does. */
static void add_writes(const struct view *view, struct lines *lines, int columns)
{
    const struct writes_state *writes = &view->state->writes;
    char inserted[32], updated[32], deleted[32];
    if (!writes->known)
        return;
    char *words =
        xprintf("Old server since the snapshot, by its counters: %s inserted, %s updated, "
                "%s deleted",
                text_grouped(inserted, sizeof inserted, writes->inserted),
                text_grouped(updated, sizeof updated, writes->updated),
                text_grouped(deleted, sizeof deleted, writes->deleted));
    lines_blank(lines);
    lines_wrap(lines, ROLE_TEXT, words, 1, columns);
    free(words);
}

static bool hidden(const struct view *view, const struct row_counts_state *own,
                   const struct table_rows *table)
{
    long long since;
    enum match match = compare(view->state, table);
    bool quiet = !written(table, &since) || since == 0;
    return own->only_different && match == MATCH_EQUAL && quiet;
}

static void add_empty(const struct row_counts_state *own, const struct run_state *state,
                      struct lines *lines)
{
    lines_begin(lines, -1);
    if (!state->table_count)
        lines_add(lines, ROLE_FAINT, " nothing has been counted yet");
    else if (own->only_different)
        lines_printf(lines, ROLE_GOOD, " all %zu tables match; m shows them", state->table_count);
}

/* All five numbers beside the name; where that leaves it too little, the three that compare, and
 * the others by scrolling sideways. */
static int name_width(int columns, int numbers)
{
    int all = columns - 1 - 5 * numbers, three = columns - 1 - 3 * numbers;
    if (all >= 22)
        return all;
    return three > 22 ? 22 : three < 16 ? 16 : three;
}

static void row_counts_build(const struct view *view, const struct panel *panel,
                             struct lines *lines, int columns)
{
    const struct run_state *state = view->state;
    const struct row_counts_state *own = panel->state;
    int numbers = number_columns(state), name_columns = name_width(columns, numbers);
    const char *database = NULL;
    add_heading(lines, name_columns, numbers);
    for (size_t i = 0; i < state->table_count; i++) {
        const struct table_rows *table = &state->tables[i];
        if (hidden(view, own, table))
            continue;
        if (!text_equal(database, table->database))
            add_database(lines, table->database);
        database = table->database;
        add_table(view, lines, table, name_columns, numbers);
    }
    if (!database)
        add_empty(own, state, lines);
    add_writes(view, lines, columns);
}

static struct box row_counts_wish(const struct view *view)
{
    int rows = (int)view->state->table_count + 6;
    return (struct box){.minimum = 5, .wanted = rows < 30 ? rows : 30};
}

static enum reaction toggle_different(struct view *view, const struct key_row *row)
{
    struct row_counts_state *own = view->panels[PANEL_ROW_COUNTS].state;
    (void)row;
    own->only_different = !own->only_different;
    view->panels[PANEL_ROW_COUNTS].top = 0;
    view_say(view, own->only_different ? "Tables that match are hidden; m shows them again"
                                       : "All tables are shown");
    return REACTION_REDRAW;
}

static const struct key_row row_counts_keys[] = {
    {'m', 0, "m", "hide what matches", "hide the tables that match, show them again",
     toggle_different, NULL, 0, false},
    {0, 0, NULL, NULL, NULL, NULL, NULL, 0, false},
};

const struct panel_operations row_counts_panel = {
    .name = "Row counts",
    .title = row_counts_title,
    .build = row_counts_build,
    .wish = row_counts_wish,
    .keys = row_counts_keys,
    .private_size = sizeof(struct row_counts_state),
};
