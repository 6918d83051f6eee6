/* evidence.c: the panel of what the selected step has proven, and who decided about it. */
#include "ui/evidence_lines.h"
#include "ui/panels/panel.h"
#include "ui/view.h"

static void evidence_title(const struct view *view, struct text *title)
{
    const struct step_state *step = view_step(view);
    text_printf(title, "Evidence%s%s", step ? " of " : "", step ? step->path : "");
}

static void evidence_build(const struct view *view, const struct panel *panel, struct lines *lines,
                           int columns)
{
    const struct step_state *step = view_step(view);
    (void)panel;
    if (!step)
        return;
    evidence_heading(view, step, lines, columns - 1);
    if (step->why)
        lines_wrap(lines, ROLE_FAINT, step->why, 1, columns - 1);
    evidence_checks(view, step, lines, columns - 1);
    evidence_decisions(view, step, lines, columns - 1);
}

static struct box evidence_wish(const struct view *view)
{
    (void)view;
    return (struct box){.minimum = 4, .wanted = 10, .weight = 2};
}

const struct panel_operations evidence_panel = {
    .name = "Evidence",
    .title = evidence_title,
    .build = evidence_build,
    .wish = evidence_wish,
    .by_step = true,
};
