/* log.c: the panel of the selected step's log; it stays at the newest line until scrolled. */
#include "ui/panels/panel.h"
#include "ui/view.h"

static void log_title(const struct view *view, struct text *title)
{
    const struct step_state *step = view_step(view);
    text_printf(title, "Log%s%s", step ? " of " : "", step ? step->path : "");
    if (step && step->log_dropped)
        text_printf(title, " %s %zu older lines are in logs/", view->glyphs[GLYPH_DOT],
                    step->log_dropped);
}

static void log_build(const struct view *view, const struct panel *panel, struct lines *lines,
                      int columns)
{
    const struct step_state *step = view_step(view);
    (void)panel, (void)columns;
    for (size_t i = 0; step && i < step->log.count; i++) {
        lines_begin(lines, -1);
        lines_printf(lines, ROLE_TEXT, " %s", step->log.items[i]);
    }
    if (lines->count)
        return;
    lines_begin(lines, -1);
    lines_add(lines, ROLE_FAINT, " nothing has been logged");
}

static struct box log_wish(const struct view *view)
{
    (void)view;
    return (struct box){.minimum = 4, .wanted = 9, .weight = 2};
}

const struct panel_operations log_panel = {
    .name = "Log",
    .title = log_title,
    .build = log_build,
    .wish = log_wish,
    .newest = true,
    .by_step = true,
};
