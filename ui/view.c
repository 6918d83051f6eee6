/* view.c: what the client holds: the run's state as the events tell it, and where the operator
 * looks.
 */
#include "ui/view.h"

#include "base/json.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_MS 6000

void view_open(struct view *view, struct control *control, bool watch, const char *const *glyphs)
{
    *view = (struct view){.control = control, .watch = watch, .glyphs = glyphs};
    view->state = run_state_new();
    view->journal_bytes = -1;
    view->selected = -1;
    view->follow = true;
    view->dialog.body.glyphs = view->dialog.foot.glyphs = glyphs;
    for (size_t i = 0; i < LAYOUT_PANELS; i++)
        panel_open(&view->panels[i], panel_table[i], glyphs);
}

void view_close(struct view *view)
{
    dialog_close(view);
    lines_free(&view->dialog.body);
    lines_free(&view->dialog.foot);
    for (size_t i = 0; i < LAYOUT_PANELS; i++)
        panel_close(&view->panels[i]);
    run_state_free(view->state);
    run_state_free(view->replayed);
    view->state = view->replayed = NULL;
}

void view_say(struct view *view, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(view->message, sizeof view->message, format, arguments);
    va_end(arguments);
    view->message_until_ms = view->monotonic_ms + MESSAGE_MS;
}

void view_say_error(struct view *view, const struct error *error)
{
    view_say(view, "%s%s%s", error->message, *error->remedy ? ": " : "", error->remedy);
}

/* The engine has refused a command. */
static void refused(struct view *view, const cJSON *reply)
{
    const char *message = json_text(reply, "message"), *remedy = json_text(reply, "remedy");
    if (json_true_at(reply, "ok"))
        return;
    view->dialog.sent = false;
    bool more = remedy && *remedy;
    char *words = xprintf("%s%s%s", message ? message : "the engine refuses", more ? ": " : "",
                          more ? remedy : "");
    if (view->dialog.operations && view->dialog.operations->guarded)
        text_copy(view->dialog.said, sizeof view->dialog.said, words);
    else
        view_say(view, "%s", words);
    free(words);
}

static void answered(struct view *view, const cJSON *event)
{
    const char *answer = json_text(event, "answer"), *step = json_text(event, "step");
    const char *who = json_text(event, "operator"), *tty = json_text(event, "tty");
    bool timeout = text_equal(answer, "timeout");
    if (!view->caught_up)
        return;
    view_say(view, "%s: %s%s%s%s%s", step ? step : "gate",
             text_equal(answer, "confirm") ? "confirmed"
             : text_equal(answer, "offer") ? "the offer is taken"
             : timeout                     ? "nobody answered in time, which means no"
                                           : "declined",
             who && !timeout ? " by " : "", who && !timeout ? who : "",
             tty && !timeout ? " on " : "", tty && !timeout ? tty : "");
}

/* What was answered, or is being typed, isn't about this count. */
static void counted(struct view *view)
{
    if (view->dialog.operations != &price_dialog)
        return;
    view->dialog.sent = false;
    view->dialog.field[0] = '\0';
}

void view_event(void *context, const cJSON *event)
{
    struct view *view = context;
    const char *type = json_text(event, "type");
    struct error error = ERROR_INIT;
    if (text_equal(type, "caught_up")) {
        view_caught_up(view);
        return;
    }
    if (text_equal(type, "reply")) {
        refused(view, event);
        return;
    }
    if (!run_state_apply(view->replayed ? view->replayed : view->state, event, &error))
        view_say(view, "the engine sent what this program doesn't understand: %s", error.message);
    else if (text_equal(type, "gate_answered"))
        answered(view, event);
    else if (text_equal(type, "price_finished") ||
             (text_equal(type, "price_fence_finished") && !json_true_at(event, "ok")))
        counted(view);
}

void view_select(struct view *view, long step)
{
    if (step == view->selected)
        return;
    view->selected = step;
    view->follow = step == view->state->current;
    for (size_t i = 0; i < LAYOUT_PANELS; i++) {
        struct panel *panel = &view->panels[i];
        if (panel->operations->by_step) {
            panel->top = panel->left = 0;
            panel->at_end = panel->operations->newest;
        }
        panel->reveal = true;
    }
}

/* Of a run that has ended: the step that was the last to do something. */
static long last_step(const struct run_state *state)
{
    long last = state->step_count ? 0 : -1;
    for (size_t i = 0; i < state->step_count; i++)
        if (state->steps[i].finished_ms >= state->steps[last].finished_ms &&
            state->steps[i].finished_ms)
            last = (long)i;
    return last;
}

static void follow_run(struct view *view)
{
    const struct run_state *state = view->state;
    if (!view->follow && view->selected >= 0)
        return;
    view_select(view, state->current >= 0 ? state->current : last_step(state));
    view->follow = true;
}

void view_settle(struct view *view)
{
    const struct gate_state *gate = &view->state->gate;
    const struct dialog_operations *open = view->dialog.operations;
    if (!view->caught_up)
        return;
    follow_run(view);
    if (open && open->stands && !open->stands(view))
        dialog_close(view);
    bool free_to_ask = !view->dialog.operations && !view->search.open;
    if (gate->step && free_to_ask && view->dismissed != gate->opening && view->control)
        dialog_open(view, gate_dialog_for(gate), gate->opening);
}

const char *view_environment(const struct view *view)
{
    return view->tabs && view->tabs->count > 1 ? view->label : view->state->environment;
}

struct panel *view_focused(struct view *view)
{
    return &view->panels[view->focus];
}

const struct step_state *view_step(const struct view *view)
{
    bool there = view->selected >= 0 && (size_t)view->selected < view->state->step_count;
    return there ? &view->state->steps[view->selected] : NULL;
}

int view_tick_ms(const struct view *view)
{
    const struct run_state *state = view->state;
    int tick = -1;
    if ((view->control && !run_state_finished(state)) || run_state_holds(state))
        tick = 1000;
    if (view->control && state->service.known && !state->service.up)
        tick = 100;
    if (*view->message) {
        int64_t left = view->message_until_ms - view->monotonic_ms;
        int expires = left > 0 ? (int)left + 1 : 1;
        tick = tick < 0 || expires < tick ? expires : tick;
    }
    return tick;
}
