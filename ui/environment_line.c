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

/* `brief`: only what needs somebody says what it is. */
static void build(const struct tabs *tabs, struct lines *lines, bool brief)
{
    lines_begin(lines, -1);
    for (size_t i = 0; i < tabs->count; i++) {
        const struct view *view = &tabs->views[i];
        enum run_status status = view->state->status;
        bool gone = !view->control && !run_state_finished(view->state);
        lines_printf(lines, i == tabs->active ? ROLE_TAB_FOCUS : ROLE_TAB, " %s ",
                     view->label ? view->label : "?");
        if (gone)
            lines_add(lines, ROLE_BAD, "engine gone ");
        else if (!brief || needs_somebody(status))
            lines_printf(lines, status_role(status), "%s ",
                         view->state->run ? run_status_name(status) : "");
    }
}

void environment_line_draw(const struct view *view, struct screen *screen,
                           const struct rectangle *area)
{
    struct lines lines = {.glyphs = view->glyphs};
    if (!area->rows)
        return;
    build(view->tabs, &lines, false);
    if (lines_width(&lines, 0) > area->columns) {
        lines_clear(&lines);
        build(view->tabs, &lines, true);
    }
    line_draw(screen, &lines, 0, area, 0, NULL, false);
    lines_free(&lines);
}
