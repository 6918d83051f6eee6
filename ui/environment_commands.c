/* environment_commands.c: the keys that go from one environment to another, and that decide about
 * its turn; both decisions are asked for once more. */
#include "ui/commands.h"
#include "ui/dialog.h"
#include "ui/view.h"

#include <stdlib.h>

const char *refuse_environment(const struct view *view)
{
    return view->tabs && view->tabs->count > 1 ? NULL : "the run has one environment only";
}

void tabs_show(struct tabs *tabs, size_t index)
{
    struct dialog *dialog = &tabs->views[index].dialog;
    tabs->active = index;
    dialog->shown_ms = 0;
    dialog->discard = dialog->operations && dialog->operations->guarded;
}

enum reaction command_environment(struct view *view, const struct key_row *row)
{
    struct tabs *tabs = view->tabs;
    tabs_show(tabs, (tabs->active + (size_t)(row->value + (int)tabs->count)) % tabs->count);
    return REACTION_REDRAW;
}

const char *refuse_go_first(const struct view *view)
{
    const char *why = refuse_deciding(view);
    if (why)
        return why;
    return view->state->status == RUN_WAITING ? NULL : "it waits for no other environment";
}

const char *refuse_leave_out(const struct view *view)
{
    const struct run_state *state = view->state;
    const char *why = refuse_deciding(view);
    if (why)
        return why;
    if (!state->environment)
        return "only one of several environments can be left out";
    if (run_state_finished(state))
        return "nothing is left to be done in it";
    return run_state_begun(state) ? "it has begun; R rolls it back, then it holds nobody up" : NULL;
}

static void first_title(const struct view *view, struct text *title)
{
    text_printf(title, "%s GOES FIRST", view->label ? view->label : "IT");
}

static void out_title(const struct view *view, struct text *title)
{
    text_printf(title, "LEAVE %s OUT", view->label ? view->label : "IT");
}

static void first_body(const struct view *view, struct lines *lines, int width)
{
    const struct turn_state *turn = &view->state->turn;
    if (turn->message) {
        char *words = xprintf("The phase %s %s.", turn->phase, turn->message);
        lines_wrap(lines, ROLE_STRONG, words, 1, width);
        free(words);
    }
    lines_blank(lines);
    lines_wrap(lines, ROLE_TEXT,
               "It would begin that phase without waiting for them any more. What the runbook "
               "requires of other environments holds all the same.",
               1, width);
}

static void out_body(const struct view *view, struct lines *lines, int width)
{
    (void)view;
    lines_wrap(lines, ROLE_TEXT,
               "Nothing would be done in this environment in this run, and it holds nobody up. "
               "Environments that require it never begin. There is no way back to this.",
               1, width);
}

static void foot(const struct view *view, struct lines *lines, int width)
{
    (void)view;
    lines_wrap(lines, ROLE_STRONG, "Sure?", 1, width);
    lines_begin(lines, -1);
    lines_add(lines, ROLE_KEY, "   y");
    lines_add(lines, ROLE_TEXT, " yes");
    lines_add(lines, ROLE_KEY, "   n Esc");
    lines_add(lines, ROLE_TEXT, " no");
}

static enum reaction decide(struct view *view, bool sent, const struct error *error)
{
    if (!sent)
        view_say_error(view, error);
    dialog_close(view);
    return REACTION_REDRAW;
}

static enum reaction go_first(struct view *view, const struct key_row *row)
{
    (void)row;
    struct error error = ERROR_INIT;
    return decide(view, control_go_first(view->control, view->state->turn.phase, &error), &error);
}

static enum reaction leave_out(struct view *view, const struct key_row *row)
{
    (void)row;
    struct error error = ERROR_INIT;
    return decide(view, control_leave_out(view->control, &error), &error);
}

static enum reaction do_not(struct view *view, const struct key_row *row)
{
    (void)row;
    dialog_close(view);
    return REACTION_REDRAW;
}

/* Which of the run's phases it waits before. */
static long awaited_phase(const struct view *view)
{
    const struct run_state *state = view->state;
    for (size_t i = 0; i < state->phase_count; i++)
        if (text_equal(state->phases[i].id, state->turn.phase))
            return (long)i;
    return -1;
}

/* It is for the phase that was asked about and for no later one. */
static bool first_stands(const struct view *view)
{
    return !refuse_go_first(view) && awaited_phase(view) == view->dialog.subject;
}

static bool out_stands(const struct view *view)
{
    return !refuse_leave_out(view);
}

static const struct key_row first_keys[] = {
    {'y', 0, "y", "go first", "begin the phase now", go_first, refuse_go_first, 0, false},
    {'n', KEY_ESCAPE, "n", "don't", "go on waiting", do_not, NULL, 0, false},
    {0, 0, NULL, NULL, NULL, NULL, NULL, 0, false},
};

static const struct key_row out_keys[] = {
    {'y', 0, "y", "leave out", "leave the environment out", leave_out, refuse_leave_out, 0, false},
    {'n', KEY_ESCAPE, "n", "don't", "leave it in", do_not, NULL, 0, false},
    {0, 0, NULL, NULL, NULL, NULL, NULL, 0, false},
};

static const struct dialog_operations first_dialog = {
    .width = 76,
    .role = ROLE_WARN,
    .guarded = true,
    .title = first_title,
    .body = first_body,
    .foot = foot,
    .stands = first_stands,
    .keys = first_keys,
};

static const struct dialog_operations out_dialog = {
    .width = 76,
    .role = ROLE_WARN,
    .guarded = true,
    .title = out_title,
    .body = out_body,
    .foot = foot,
    .stands = out_stands,
    .keys = out_keys,
};

enum reaction command_go_first(struct view *view, const struct key_row *row)
{
    (void)row;
    dialog_open(view, &first_dialog, awaited_phase(view));
    return REACTION_REDRAW;
}

enum reaction command_leave_out(struct view *view, const struct key_row *row)
{
    (void)row;
    dialog_open(view, &out_dialog, 0);
    return REACTION_REDRAW;
}
