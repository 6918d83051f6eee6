/* commands.c: what the keys of the main table do. */
#include "ui/commands.h"

#include "ui/view.h"

enum reaction command_leave(struct view *view, const struct key_row *row)
{
    (void)view, (void)row;
    return REACTION_LEAVE;
}

enum reaction command_help(struct view *view, const struct key_row *row)
{
    (void)row;
    dialog_open(view, &help_dialog, 0);
    return REACTION_REDRAW;
}

enum reaction command_focus(struct view *view, const struct key_row *row)
{
    view->focus = (size_t)row->value;
    return REACTION_REDRAW;
}

enum reaction command_next(struct view *view, const struct key_row *row)
{
    view->focus =
        (view->focus + LAYOUT_PANELS + (size_t)(row->value + LAYOUT_PANELS)) % LAYOUT_PANELS;
    return REACTION_REDRAW;
}

const char *refuse_zoom(const struct view *view)
{
    return view->layout.wide ? NULL : "on a narrow screen the panel has all of it already";
}

enum reaction command_zoom(struct view *view, const struct key_row *row)
{
    (void)row;
    view->zoomed = !view->zoomed;
    return REACTION_REDRAW;
}

enum reaction command_enter(struct view *view, const struct key_row *row)
{
    (void)row;
    const struct step_state *step = view_step(view);
    if (!step)
        return REACTION_NONE;
    if (step->status == STEP_AT_GATE && view->state->gate.step)
        return command_gate(view, row);
    dialog_open(view, &step_dialog, view->selected);
    return REACTION_REDRAW;
}

enum reaction command_back(struct view *view, const struct key_row *row)
{
    (void)row;
    if (view->zoomed && view->layout.wide)
        view->zoomed = false;
    else
        view->search.pattern[0] = '\0';
    return REACTION_REDRAW;
}

enum reaction command_scroll(struct view *view, const struct key_row *row)
{
    panel_scroll(view, view_focused(view), (enum scroll)row->value);
    return REACTION_REDRAW;
}

enum reaction command_sideways(struct view *view, const struct key_row *row)
{
    struct panel *panel = view_focused(view);
    panel->left += row->value; /* panel_prepare keeps it within the lines */
    if (panel->left < 0)
        panel->left = 0;
    return REACTION_REDRAW;
}

enum reaction command_search(struct view *view, const struct key_row *row)
{
    (void)row;
    search_open(&view->search);
    return REACTION_REDRAW;
}

const char *refuse_search_again(const struct view *view)
{
    return *view->search.pattern ? NULL : "nothing was searched for; / begins a search";
}

enum reaction command_search_again(struct view *view, const struct key_row *row)
{
    search_go(view, row->value, false);
    return REACTION_REDRAW;
}

const char *refuse_follow(const struct view *view)
{
    return view->follow ? "the selection follows the run already" : NULL;
}

enum reaction command_follow(struct view *view, const struct key_row *row)
{
    (void)row;
    view->follow = true;
    return REACTION_REDRAW;
}

enum reaction command_redraw(struct view *view, const struct key_row *row)
{
    (void)row;
    view->repaint = true;
    return REACTION_REDRAW;
}

const char *refuse_deciding(const struct view *view)
{
    if (view->watch)
        return "this screen only watches; attach without --watch to decide";
    if (!view->control)
        return "the engine is gone; leave with q, then pgrunbook attach starts it again";
    return NULL;
}

const char *refuse_rollback(const struct view *view)
{
    const struct run_state *state = view->state;
    const char *why = refuse_deciding(view);
    if (why)
        return why;
    if (state->status == RUN_COMPLETE)
        return "the run is complete and can no longer be rolled back";
    if (state->status == RUN_ROLLED_BACK)
        return "the run has been rolled back";
    if (state->status == RUN_LEFT_OUT)
        return "the environment was left out before it began";
    if (state->status == RUN_ROLLING_BACK)
        return run_state_may_give_up(state)
                   ? "the rollback is on its way; pgrunbook rollback --lose unknown ends the wait, "
                     "without what was written"
                   : "the rollback is on its way";
    if (state->point_of_no_return_passed)
        return "there is no way back any more: the point of no return has been passed";
    return NULL;
}

/* Says why a command couldn't even be sent. */
static enum reaction sent(struct view *view, bool done, const struct error *error)
{
    if (!done)
        view_say_error(view, error);
    return REACTION_REDRAW;
}

enum reaction command_rollback(struct view *view, const struct key_row *row)
{
    (void)row;
    struct error error = ERROR_INIT;
    if (run_state_price_step(view->state) >= 0)
        dialog_open(view, &price_dialog, (long)view->state->price.taken_ms);
    else
        view_say(view, "Rollback asked for");
    return sent(view, control_rollback(view->control, ROLLBACK_REASON, &error), &error);
}

const char *refuse_pause(const struct view *view)
{
    const struct run_state *state = view->state;
    const char *why = refuse_deciding(view);
    if (why)
        return why;
    if (run_state_holds(state))
        return "a run that holds can't pause: its time would run out";
    return state->status == RUN_RUNNING || state->status == RUN_PAUSED ||
                   state->status == RUN_WAITING
               ? NULL
               : "only a run that goes on can be paused; this one stands still already";
}

enum reaction command_pause(struct view *view, const struct key_row *row)
{
    (void)row;
    const struct run_state *state = view->state;
    bool pause = state->status != RUN_PAUSED && !state->pause_requested;
    struct error error = ERROR_INIT;
    return sent(view, control_pause(view->control, pause, &error), &error);
}

const char *refuse_retry(const struct view *view)
{
    enum run_status status = view->state->status;
    const char *why = refuse_deciding(view);
    if (why)
        return why;
    bool again = (status == RUN_ROLLBACK_FAILED && view->state->release.step) ||
                 run_state_may_try_back(view->state);
    return again || status == RUN_STEP_FAILED || status == RUN_DECLINED || status == RUN_AT_GATE
               ? NULL
               : "no step has failed and no gate was declined: nothing to retry";
}

enum reaction command_retry(struct view *view, const struct key_row *row)
{
    (void)row;
    struct error error = ERROR_INIT;
    return sent(view, control_retry(view->control, &error), &error);
}

const char *refuse_skip(const struct view *view)
{
    const struct run_state *state = view->state;
    const char *why = refuse_deciding(view);
    if (why)
        return why;
    if (state->status == RUN_ROLLBACK_FAILED && state->current >= 0)
        return state->steps[state->current].status == STEP_UNDO_FAILED
                   ? NULL
                   : "nothing was undone yet; R rolls back again, with or without saving";
    if (state->status != RUN_STEP_FAILED || state->current < 0)
        return "only a failed step can be skipped";
    if (state->steps[state->current].has_hold)
        return "the steps behind it rely on what it holds";
    return state->steps[state->current].has_gate ? "a step behind a gate can't be skipped" : NULL;
}

enum reaction command_skip(struct view *view, const struct key_row *row)
{
    (void)row;
    dialog_open(view, &skip_dialog, view->state->current);
    return REACTION_REDRAW;
}

const char *refuse_gate(const struct view *view)
{
    if (!view->state->gate.step)
        return "no gate is open";
    return view->control ? NULL : refuse_deciding(view);
}

enum reaction command_gate(struct view *view, const struct key_row *row)
{
    (void)row;
    dialog_open(view, gate_dialog_for(&view->state->gate), view->state->gate.opening);
    return REACTION_REDRAW;
}
