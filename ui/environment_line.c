/* environment_line.c: the line that says where each environment of the run stands. */
#include "ui/frame.h"

/* The eyes go to those that need somebody. */
static enum role status_role(enum run_status status)
{
    static const enum role roles[] = {
        [RUN_RUNNING] = ROLE_ACTIVE,    [RUN_AT_GATE] = ROLE_GATE,
        [RUN_DECLINED] = ROLE_GATE,     [RUN_STEP_FAILED] = ROLE_BAD,
        [RUN_PAUSED] = ROLE_GATE,       [RUN_RELEASING] = ROLE_WARN,
        [RUN_ROLLING_BACK] = ROLE_WARN, [RUN_ROLLBACK_FAILED] = ROLE_BAD,
        [RUN_COMPLETE] = ROLE_GOOD,     [RUN_ROLLED_BACK] = ROLE_FAINT,
        [RUN_WAITING] = ROLE_FAINT,     [RUN_LEFT_OUT] = ROLE_FAINT,
    };
    return roles[status];
}

static bool needs_somebody(enum run_status status)
{
    return status_role(status) == ROLE_GATE || status_role(status) == ROLE_BAD;
}

#define HIDDEN_COLUMNS 6 /* " {12! " */

static bool engine_gone(const struct view *view)
{
    return !view->control && !run_state_finished(view->state);
}

/* The tabs from `from` to before `to`. `brief`: only what needs somebody says what it is. */
static void add_tabs(const struct tabs *tabs, size_t from, size_t to, bool brief,
                     struct lines *lines)
{
    for (size_t i = from; i < to; i++) {
        const struct view *view = &tabs->views[i];
        enum run_status status = view->state->status;
        lines_printf(lines, i == tabs->active ? ROLE_TAB_FOCUS : ROLE_TAB, " %s ",
                     view->label ? view->label : "?");
        if (engine_gone(view))
            lines_add(lines, ROLE_BAD, "engine gone ");
        else if (!brief || needs_somebody(status))
            lines_printf(lines, status_role(status), "%s ",
                         view->state->run ? run_status_name(status) : "");
    }
}

static bool fits(const struct view *view, size_t from, size_t to, bool brief, int columns)
{
    struct lines lines = {.glyphs = view->glyphs};
    lines_begin(&lines, -1);
    add_tabs(view->tabs, from, to, brief, &lines);
    bool fit = lines_width(&lines, 0) <= columns;
    lines_free(&lines);
    return fit;
}

/* How many there is no room for, and the key that goes there; it stands out when one of them needs
 * somebody. */
static void add_hidden(const struct tabs *tabs, size_t from, size_t to, const char *key,
                       struct lines *lines)
{
    enum role role = ROLE_FAINT;
    for (size_t i = from; i < to; i++)
        if (engine_gone(&tabs->views[i]) || needs_somebody(tabs->views[i].state->status))
            role = ROLE_GATE;
    if (from < to)
        lines_printf(lines, role, " %s%zu%s ", key, to - from, role == ROLE_GATE ? "!" : "");
}

/* As many as there is room for around the one that is shown. */
static void add_some(const struct view *view, int columns, struct lines *lines)
{
    const struct tabs *tabs = view->tabs;
    size_t from = tabs->active, to = tabs->active + 1;
    int room = columns - 2 * HIDDEN_COLUMNS;
    while (from > 0 && fits(view, from - 1, to, true, room))
        from--;
    while (to < tabs->count && fits(view, from, to + 1, true, room))
        to++;
    add_hidden(tabs, 0, from, "{", lines);
    add_tabs(tabs, from, to, true, lines);
    add_hidden(tabs, to, tabs->count, "}", lines);
}

void environment_line_draw(const struct view *view, struct screen *screen,
                           const struct rectangle *area)
{
    struct lines lines = {.glyphs = view->glyphs};
    if (!area->rows || !view->tabs)
        return;
    size_t count = view->tabs->count;
    lines_begin(&lines, -1);
    if (fits(view, 0, count, false, area->columns))
        add_tabs(view->tabs, 0, count, false, &lines);
    else if (fits(view, 0, count, true, area->columns))
        add_tabs(view->tabs, 0, count, true, &lines);
    else
        add_some(view, area->columns, &lines);
    line_draw(screen, &lines, 0, area, 0, NULL, false);
    lines_free(&lines);
}
