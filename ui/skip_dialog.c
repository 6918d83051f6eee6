/* skip_dialog.c: asks before a failed step is skipped, for what comes after relies on it. */
#include "ui/commands.h"
#include "ui/dialog.h"
#include "ui/view.h"

static void skip_title(const struct view *view, struct text *title)
{
    const struct run_state *state = view->state;
    text_printf(title, "SKIP %s", state->current >= 0 ? state->steps[state->current].path : "");
}

static void skip_body(const struct view *view, struct lines *lines, int width)
{
    const struct run_state *state = view->state;
    if (state->current < 0)
        return;
    const struct step_state *step = &state->steps[state->current];
    lines_wrap(lines, ROLE_STRONG, step->title, 1, width);
    if (step->message)
        lines_wrap(lines, ROLE_BAD, step->message, 1, width);
    lines_blank(lines);
    lines_wrap(
        lines, ROLE_TEXT,
        state->status == RUN_ROLLBACK_FAILED
            ? "The rollback would go on with the older steps; what this undo should have "
              "taken back stays as it is, for you to mend by hand."
            : "The run would go on without what this step should have done or proven. A gate "
              "that requires it stays closed.",
        1, width);
}

static void skip_foot(const struct view *view, struct lines *lines, int width)
{
    (void)view;
    lines_wrap(lines, ROLE_STRONG, "Skip this step?", 1, width);
    lines_begin(lines, -1);
    lines_add(lines, ROLE_KEY, "   y");
    lines_add(lines, ROLE_TEXT, " skip it");
    lines_add(lines, ROLE_KEY, "   n Esc");
    lines_add(lines, ROLE_TEXT, " don't");
}

static bool skip_stands(const struct view *view)
{
    enum run_status status = view->state->status;
    return view->control && (status == RUN_STEP_FAILED || status == RUN_ROLLBACK_FAILED) &&
           view->state->current == view->dialog.subject;
}

static enum reaction skip(struct view *view, const struct key_row *row)
{
    (void)row;
    struct error error = ERROR_INIT;
    if (!control_skip(view->control, &error))
        view_say_error(view, &error);
    dialog_close(view);
    return REACTION_REDRAW;
}

static enum reaction leave_it(struct view *view, const struct key_row *row)
{
    (void)row;
    dialog_close(view);
    return REACTION_REDRAW;
}

static const struct key_row skip_keys[] = {
    {'y', 0, "y", "skip it", "skip the step", skip, refuse_deciding, 0, false},
    {'n', KEY_ESCAPE, "n", "don't", "don't skip it", leave_it, NULL, 0, false},
    {0, 0, NULL, NULL, NULL, NULL, NULL, 0, false},
};

const struct dialog_operations skip_dialog = {
    .width = 76,
    .role = ROLE_WARN,
    .guarded = true,
    .title = skip_title,
    .body = skip_body,
    .foot = skip_foot,
    .stands = skip_stands,
    .keys = skip_keys,
};
