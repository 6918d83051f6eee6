/* look_again.c: reading a run's events, and what becomes of a screen whose engine has gone: others
 * may start it again, or roll back, and the screen has to say so. */
#include "ui/view.h"

#define LOOK_AGAIN_MS 1000

void view_caught_up(struct view *view)
{
    view->caught_up = true;
    if (!view->replayed)
        return;
    run_state_free(view->state);
    view->state = view->replayed;
    view->replayed = NULL;
    if (view->selected >= (long)view->state->step_count)
        view->selected = -1;
}

void view_read(struct view *view)
{
    struct error error = ERROR_INIT;
    if (!view->control)
        return;
    if (!control_read(view->control, view_event, view, &error)) {
        control_close(view->control);
        view->control = NULL;
        view->looked_ms = view->monotonic_ms;
        view_caught_up(view);
    }
    view_settle(view);
}

int view_look_again_ms(const struct view *view)
{
    int64_t left = view->looked_ms + LOOK_AGAIN_MS - view->monotonic_ms;
    if (view->control)
        return -1;
    return left > 0 ? (int)left : 0;
}

bool view_look_again(struct view *view)
{
    struct error unreadable = ERROR_INIT; /* what was read before stays */
    if (view_look_again_ms(view) != 0)
        return false;
    view->looked_ms = view->monotonic_ms;
    view->control =
        control_open_again(view->directory, view->watch, &view->journal_bytes, &unreadable);
    if (!view->control)
        return false;
    view->caught_up = false;
    view->replayed = run_state_new();
    view_read(view);
    return true;
}
