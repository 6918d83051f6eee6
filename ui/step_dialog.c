/* step_dialog.c: one step in full: why, what exactly, what is expected, its evidence and its log.
 */
#include "ui/commands.h"
#include "ui/dialog.h"
#include "ui/evidence_lines.h"
#include "ui/view.h"
#include "ui/words.h"

static const struct step_state *subject(const struct view *view)
{
    return &view->state->steps[view->dialog.subject];
}

static void step_title(const struct view *view, struct text *title)
{
    text_add(title, subject(view)->path);
}

static void labelled(struct lines *lines, const char *label, const char *string, int width)
{
    if (!string || !*string)
        return;
    lines_begin(lines, -1);
    lines_printf(lines, ROLE_FAINT, " %-10s", label);
    lines_wrap_on(lines, ROLE_TEXT, string, 11, width);
}

static void add_expectations(const struct step_state *step, struct lines *lines, int width)
{
    char planned[32] = "";
    if (step->planned_ms >= 0)
        text_duration(planned, sizeof planned, step->planned_ms);
    labelled(lines, "planned", planned, width);
    labelled(lines, "database", words_database(step->database), width);
    labelled(lines, "danger", words_danger(step->danger), width);
    labelled(lines, "gate", step->has_gate ? "asks you before it starts" : NULL, width);
    labelled(lines, "undo", step->has_undo ? "rollback undoes it" : "nothing to undo", width);
    if (step->point_of_no_return)
        lines_wrap(lines, ROLE_BAD, "Point of no return: after it there is no rollback.", 1, width);
}

static void add_log(const struct step_state *step, struct lines *lines, int width)
{
    if (!step->log.count)
        return;
    lines_blank(lines);
    lines_begin(lines, -1);
    lines_add(lines, ROLE_STRONG, " Log");
    if (step->log_dropped)
        lines_printf(lines, ROLE_FAINT, " (%zu older lines stand in the run's logs/)",
                     step->log_dropped);
    for (size_t i = 0; i < step->log.count; i++)
        lines_wrap(lines, ROLE_TEXT, step->log.items[i], 1, width);
}

static void step_body(const struct view *view, struct lines *lines, int width)
{
    const struct step_state *step = subject(view);
    evidence_heading(view, step, lines, width);
    lines_blank(lines);
    labelled(lines, "why", step->why, width);
    labelled(lines, "action", step->action, width);
    labelled(lines, "with", step->detail, width);
    add_expectations(step, lines, width);
    lines_blank(lines);
    evidence_checks(view, step, lines, width);
    evidence_decisions(view, step, lines, width);
    add_log(step, lines, width);
}

static bool step_stands(const struct view *view)
{
    return view->dialog.subject >= 0 && (size_t)view->dialog.subject < view->state->step_count;
}

static enum reaction close_it(struct view *view, const struct key_row *row)
{
    (void)row;
    dialog_close(view);
    return REACTION_REDRAW;
}

const struct key_row reading_keys[] = {
    {KEY_ESCAPE, KEY_RETURN, "Esc", "close", "close", close_it, NULL, 0, true},
    {'q', 0, "q", NULL, "close", close_it, NULL, 0, false},
    {'R', 0, "R", "roll back", "roll back at once", command_rollback, refuse_rollback, 0, false},
    {0, 0, NULL, NULL, NULL, NULL, NULL, 0, false},
};

const struct dialog_operations step_dialog = {
    .width = 104,
    .role = ROLE_ACTIVE,
    .title = step_title,
    .body = step_body,
    .stands = step_stands,
    .keys = reading_keys,
};
