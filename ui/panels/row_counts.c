/* row_counts.c: the panel of exact row counts side by side: in the snapshot, on the new server and
 * on the old one now, with what the restore made different and what was written since. */
#include "ui/panels/panel.h"
#include "ui/panels/row_order.h"
#include "ui/view.h"
#include "ui/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SNAPSHOT, NEW, NOW };

#define NAME_MAX_BYTES 256 /* of an identifier; PostgreSQL's own limit is 63 */
#define WIDE 120           /* columns that suffice for the long headings */
#define LEAST 9            /* columns of a number, so that they stay put while counts come in */

struct row_counts_state {
    bool only_different; /* hides what matches */
    enum row_order order;
    /* The selected table, by name: other tables may come before it. */
    char database[NAME_MAX_BYTES], schema[NAME_MAX_BYTES], table[NAME_MAX_BYTES];
};

enum { CELL_SNAPSHOT, CELL_NEW, CELL_MATCH, CELL_NOW, CELL_WRITTEN, CELLS };

/* Columns that each part of a line takes. */
struct widths {
    int name, cells[CELLS];
};

static const char *const headings[2][CELLS] = {
    {"snapshot", "new", "difference", "now", "written"},
    {"in the snapshot", "on the new server", "restore difference", "old server now",
     "written since"},
};

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
        text_add(title, rows.compared == rows.tables && !rows.computed ? ", all equal"
                                                                       : ", none different");
    if (rows.computed)
        text_printf(title, ", %zu computed anew", rows.computed);
}

/* ---- the selected table ---- */

static bool is_selected(const struct row_counts_state *own, const struct table_rows *table)
{
    return !strcmp(own->table, table->table) && !strcmp(own->schema, table->schema) &&
           !strcmp(own->database, table->database);
}

/* Its index, or that of the first table that is shown. */
static long selected_table(const struct view *view, const struct panel *panel)
{
    const struct row_counts_state *own = panel->state;
    for (size_t i = 0; i < view->state->table_count; i++)
        if (is_selected(own, &view->state->tables[i]))
            return (long)i;
    for (size_t i = panel->lines.header; i < panel->lines.count; i++)
        if (panel->lines.items[i].tag >= 0)
            return panel->lines.items[i].tag;
    return -1;
}

static void select_table(const struct view *view, struct panel *panel, long tag)
{
    struct row_counts_state *own = panel->state;
    const struct table_rows *table = &view->state->tables[tag];
    text_copy(own->database, sizeof own->database, table->database);
    text_copy(own->schema, sizeof own->schema, table->schema);
    text_copy(own->table, sizeof own->table, table->table);
}

const struct table_rows *row_counts_selected(const struct view *view)
{
    long index = selected_table(view, &view->panels[PANEL_ROW_COUNTS]);
    bool there = index >= 0 && (size_t)index < view->state->table_count;
    return there ? &view->state->tables[index] : NULL;
}

/* ---- how wide ---- */

static int widest_count(const struct run_state *state, int column)
{
    long long sum = 0;
    char buffer[32];
    for (size_t i = 0; i < state->table_count; i++)
        sum += state->tables[i].rows[column] > 0 ? state->tables[i].rows[column] : 0;
    return (int)strlen(text_grouped(buffer, sizeof buffer, sum));
}

static int at_least(int columns, int least)
{
    return columns > least ? columns : least;
}

/* Of the two differences. The total is among them. */
static void widest_words(const struct run_state *state, int *match, int *written)
{
    char buffer[96];
    struct written since = run_state_written_total(state);
    *match = 0;
    *written = (int)strlen(written_text(buffer, sizeof buffer, &since));
    for (size_t i = 0; i < state->table_count; i++) {
        const struct table_rows *table = &state->tables[i];
        since = run_state_written(state, table);
        *written = at_least(*written, (int)strlen(written_text(buffer, sizeof buffer, &since)));
        enum rows_match found = run_state_match(state, table);
        *match =
            at_least(*match, (int)strlen(rows_match_text(buffer, sizeof buffer, table, found)));
    }
}

/* All five numbers beside the name, never cut; where that leaves it too little, the three that
 * compare, and the others by scrolling sideways. */
static struct widths measure(const struct run_state *state, int columns)
{
    struct widths widths;
    const char *const *words = headings[columns >= WIDE];
    int *cells = widths.cells, sum = 0, three = 0;
    cells[CELL_SNAPSHOT] = widest_count(state, SNAPSHOT);
    cells[CELL_NEW] = widest_count(state, NEW);
    cells[CELL_NOW] = widest_count(state, NOW);
    widest_words(state, &cells[CELL_MATCH], &cells[CELL_WRITTEN]);
    for (int i = 0; i < CELLS; i++) {
        cells[i] = at_least(at_least(cells[i], (int)strlen(words[i])), LEAST) + 2;
        sum += cells[i];
        three += i <= CELL_MATCH ? cells[i] : 0;
    }
    int all = columns - 1 - sum, rest = columns - 1 - three;
    widths.name = all >= 16 ? all : rest > 22 ? 22 : at_least(rest, 16);
    return widths;
}

/* ---- lines ---- */

static void add_heading(struct lines *lines, const struct widths *widths, bool wide)
{
    lines_begin(lines, -1);
    lines_cell(lines, ROLE_FAINT, " table", widths->name, FIT_LEFT);
    lines_freeze(lines);
    for (int i = 0; i < CELLS; i++)
        lines_cell(lines, ROLE_FAINT, headings[wide][i], widths->cells[i], FIT_RIGHT);
}

static void add_count(struct lines *lines, enum role role, long long rows, int columns)
{
    char grouped[32];
    if (rows < 0)
        lines_cell(lines, ROLE_FAINT, lines->glyphs[GLYPH_NONE], columns, FIT_RIGHT);
    else
        lines_cell(lines, role, text_grouped(grouped, sizeof grouped, rows), columns, FIT_RIGHT);
}

static void add_words(struct lines *lines, enum role role, const char *words, int columns)
{
    bool none = !*words;
    lines_cell(lines, none ? ROLE_FAINT : role, none ? lines->glyphs[GLYPH_NONE] : words, columns,
               FIT_RIGHT);
}

static enum role match_role(enum rows_match match)
{
    static const enum role roles[] = {
        [ROWS_UNKNOWN] = ROLE_GOOD,   [ROWS_EQUAL] = ROLE_GOOD,    [ROWS_EQUAL_COUNT] = ROLE_TEXT,
        [ROWS_CAUGHT_UP] = ROLE_GOOD, [ROWS_COMPUTED] = ROLE_WARN, [ROWS_OF_VERSION] = ROLE_WARN};
    return rows_match_is_bad(match) ? ROLE_BAD : roles[match];
}

static void add_written(struct lines *lines, const struct written *written, int columns)
{
    char words[96];
    written_text(words, sizeof words, written);
    add_words(lines, written->any ? ROLE_WARN : ROLE_TEXT, words, columns);
}

static void add_table(const struct view *view, struct lines *lines, const struct table_rows *table,
                      const struct widths *widths)
{
    const struct run_state *state = view->state;
    const int *cells = widths->cells;
    struct written written = run_state_written(state, table);
    enum rows_match match = run_state_match(state, table);
    char words[64];
    struct text name = {0};
    text_printf(&name, "%s.%s", table->schema, table->table);
    lines_begin(lines, table - state->tables);
    lines_add(lines, ROLE_TEXT, "   ");
    lines_cell(lines, ROLE_TEXT, text_string(&name), widths->name - 3, FIT_LEFT);
    lines_freeze(lines);
    text_free(&name);
    add_count(lines, ROLE_TEXT, table->rows[SNAPSHOT], cells[CELL_SNAPSHOT]);
    add_count(lines, ROLE_TEXT, table->rows[NEW], cells[CELL_NEW]);
    add_words(lines, match_role(match), rows_match_text(words, sizeof words, table, match),
              cells[CELL_MATCH]);
    add_count(lines, ROLE_TEXT, table->rows[NOW], cells[CELL_NOW]);
    add_written(lines, &written, cells[CELL_WRITTEN]);
}

/* The sum of what is known, -1 when nothing is. */
static long long sum_of(const struct run_state *state, int column)
{
    long long sum = -1;
    for (size_t i = 0; i < state->table_count; i++)
        if (state->tables[i].rows[column] >= 0)
            sum = (sum < 0 ? 0 : sum) + state->tables[i].rows[column];
    return sum;
}

static void add_total(const struct run_state *state, struct lines *lines,
                      const struct widths *widths)
{
    struct rows_summary rows = run_state_rows(state);
    struct written written = run_state_written_total(state);
    char words[64] = "";
    bool whole = rows.compared && rows.compared == rows.tables - rows.of_version && !rows.computed;
    if (rows.different)
        snprintf(words, sizeof words, "%zu differ%s", rows.different,
                 rows.different == 1 ? "s" : "");
    else if (whole)
        text_copy(words, sizeof words, rows.caught_up ? "caught up" : "=");
    lines_begin(lines, -1);
    lines_cell(lines, ROLE_STRONG, " total", widths->name, FIT_LEFT);
    lines_freeze(lines);
    add_count(lines, ROLE_STRONG, sum_of(state, SNAPSHOT), widths->cells[CELL_SNAPSHOT]);
    add_count(lines, ROLE_STRONG, sum_of(state, NEW), widths->cells[CELL_NEW]);
    add_words(lines, rows.different ? ROLE_BAD : ROLE_GOOD, words, widths->cells[CELL_MATCH]);
    add_count(lines, ROLE_STRONG, sum_of(state, NOW), widths->cells[CELL_NOW]);
    add_written(lines, &written, widths->cells[CELL_WRITTEN]);
}

/* How the last column was come by: the counters also see updates, which no row count does. */
static char *written_note(const struct view *view)
{
    const struct run_state *state = view->state;
    const struct writes_state *writes = &state->writes;
    struct written total = run_state_written_total(state);
    char at[16];
    if (writes->trouble)
        return xprintf("Written since the snapshot: unknown, %s", writes->trouble);
    if (total.source == WRITTEN_EXACT)
        return xprintf("written: since the snapshot, counted exactly at %s",
                       words_clock(at, sizeof at, state->columns[NOW].counted_ms));
    if (!writes->known)
        return NULL;
    struct text note = {0};
    text_printf(&note,
                "written: since the snapshot, by the old server's counters at %s; + inserted, "
                "~ updated, - deleted",
                words_clock(at, sizeof at, writes->seen_ms));
    if (writes->unnamed)
        text_printf(&note, "; %zu more tables were written", writes->unnamed);
    return text_take(&note);
}

static void add_note(const struct view *view, struct lines *lines, int columns)
{
    char *note = written_note(view);
    if (note)
        lines_wrap(lines, ROLE_FAINT, note, 1, columns);
    free(note);
}

static bool hidden(const struct view *view, const struct row_counts_state *own,
                   const struct table_rows *table)
{
    enum rows_match match = run_state_match(view->state, table);
    bool matches = match == ROWS_EQUAL || match == ROWS_EQUAL_COUNT;
    return own->only_different && matches && !run_state_written(view->state, table).any;
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

static void row_counts_build(const struct view *view, const struct panel *panel,
                             struct lines *lines, int columns)
{
    const struct run_state *state = view->state;
    const struct row_counts_state *own = panel->state;
    struct widths widths = measure(state, columns);
    const char *database = NULL;
    size_t *order = row_order_make(state, own->order);
    add_heading(lines, &widths, columns >= WIDE);
    if (state->table_count)
        add_total(state, lines, &widths);
    lines->header = lines->count;
    for (size_t i = 0; i < state->table_count; i++) {
        const struct table_rows *table = &state->tables[order[i]];
        if (hidden(view, own, table))
            continue;
        if (!text_equal(database, table->database)) {
            lines_begin(lines, -1);
            lines_printf(lines, ROLE_STRONG, " %s", table->database);
        }
        database = table->database;
        add_table(view, lines, table, &widths);
    }
    free(order);
    if (!database)
        add_empty(own, state, lines);
    add_note(view, lines, columns);
}

static struct box row_counts_wish(const struct view *view)
{
    int rows = (int)view->state->table_count + 7;
    return (struct box){.minimum = 6, .wanted = rows < 30 ? rows : 30};
}

/* ---- keys ---- */

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

static enum reaction next_order(struct view *view, const struct key_row *row)
{
    static const char *const words[] = {
        [ORDER_DIFFERING] = "what differs first",
        [ORDER_SIZE] = "the largest first",
        [ORDER_NAME] = "by name",
    };
    struct row_counts_state *own = view->panels[PANEL_ROW_COUNTS].state;
    (void)row;
    own->order = (own->order + 1) % ORDER_COUNT;
    view->panels[PANEL_ROW_COUNTS].top = 0;
    view_say(view, "Tables are sorted: %s", words[own->order]);
    return REACTION_REDRAW;
}

static const char *refuse_open(const struct view *view)
{
    return row_counts_selected(view) ? NULL : "there is no table yet";
}

static enum reaction open_table(struct view *view, const struct key_row *row)
{
    (void)row;
    select_table(view, &view->panels[PANEL_ROW_COUNTS],
                 row_counts_selected(view) - view->state->tables);
    dialog_open(view, &table_dialog, 0);
    return REACTION_REDRAW;
}

static const struct key_row row_counts_keys[] = {
    {KEY_RETURN, 0, "Enter", "rows that differ",
     "the selected table in full: counts, digests, the rows that differ", open_table, refuse_open,
     0, false},
    {'m', 0, "m", "hide what matches", "hide the tables that match, show them again",
     toggle_different, NULL, 0, false},
    {'t', 0, "t", "sort", "sort: what differs first, the largest first, by name", next_order, NULL,
     0, false},
    {0, 0, NULL, NULL, NULL, NULL, NULL, 0, false},
};

const struct panel_operations row_counts_panel = {
    .name = "Row counts",
    .title = row_counts_title,
    .build = row_counts_build,
    .wish = row_counts_wish,
    .keys = row_counts_keys,
    .private_size = sizeof(struct row_counts_state),
    .selects = true,
    .selected = selected_table,
    .select = select_table,
};
