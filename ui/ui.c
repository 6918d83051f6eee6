/* ui.c: the client's loop: an event or a key in, a reaction out, a frame at most twenty times a
 * second. */
#include "ui/ui.h"

#include "base/clock.h"
#include "ui/frame.h"
#include "ui/keymap.h"
#include "ui/screen.h"
#include "ui/view.h"

#include <stdio.h>

#define FRAME_MS 50        /* events may wait so long for their frame; keys don't */
#define FIRST_FRAME_MS 100 /* so long a journal may be read before something is shown */

struct client {
    struct view view;
    struct screen *screen;
    int64_t (*wall_clock)(void);
    bool dirty;       /* there is something new to draw */
    bool at_once;     /* and it's the answer to a key */
    int64_t drawn_ms; /* monotonic */
    bool leave;
    bool gone; /* the terminal is */
};

static void read_events(struct client *client)
{
    struct view *view = &client->view;
    struct error error = ERROR_INIT;
    bool before = view->caught_up;
    client->dirty = true;
    if (!control_read(view->control, view_event, view, &error)) {
        control_close(view->control);
        view->control = NULL;
        view->caught_up = true;
    }
    client->at_once = client->at_once || (!before && view->caught_up);
    view_settle(view);
}

static void read_keys(struct client *client)
{
    struct key key;
    while (!client->leave && screen_key(client->screen, &key)) {
        enum reaction reaction = keymap_dispatch(&client->view, &key);
        client->leave = reaction == REACTION_LEAVE;
        client->at_once = client->at_once || reaction == REACTION_REDRAW;
        view_settle(&client->view);
    }
}

static void tell_time(struct client *client)
{
    struct view *view = &client->view;
    view->now_ms = client->wall_clock();
    view->monotonic_ms = clock_monotonic_ms();
    if (*view->message && view->monotonic_ms >= view->message_until_ms)
        view->message[0] = '\0';
}

/* A dialog that came up by itself isn't answered by what was typed before it was seen: that is
 * forgotten before the frame and, with dialog.shown_ms, for a while after it. */
static void draw(struct client *client)
{
    struct view *view = &client->view;
    if (view->dialog.operations && view->dialog.discard) {
        screen_discard_keys(client->screen);
        view->dialog.discard = false;
    }
    if (view->repaint)
        screen_repaint(client->screen);
    view->repaint = false;
    frame_draw(view, client->screen);
    client->drawn_ms = view->monotonic_ms;
    client->dirty = client->at_once = false;
}

static bool frame_is_due(const struct client *client)
{
    const struct view *view = &client->view;
    int64_t since = view->monotonic_ms - client->drawn_ms;
    int wait = view->caught_up ? FRAME_MS : FIRST_FRAME_MS;
    return client->at_once || (client->dirty && since >= wait);
}

/* Until the frame that is due, until something ticks, or for ever. */
static int patience(const struct client *client)
{
    const struct view *view = &client->view;
    int64_t since = view->monotonic_ms - client->drawn_ms;
    int tick = view_tick_ms(view);
    int64_t wait = client->dirty ? (view->caught_up ? FRAME_MS : FIRST_FRAME_MS) - since : tick;
    if (client->dirty && wait < 0)
        return 0;
    return (int)wait;
}

static void turn(struct client *client)
{
    struct view *view = &client->view;
    int descriptor = view->control ? control_descriptor(view->control) : -1;
    int wait = patience(client);
    unsigned seen = screen_wait(client->screen, descriptor, wait);
    tell_time(client);
    if (seen & SCREEN_DESCRIPTOR)
        read_events(client);
    if (seen & SCREEN_KEYS)
        read_keys(client);
    if (seen & SCREEN_RESIZED)
        client->at_once = true;
    if (!seen)
        client->dirty = true;
    client->gone = seen & SCREEN_GONE;
    client->leave = client->leave || client->gone || (seen & SCREEN_LEAVE);
    if (!client->leave && frame_is_due(client))
        draw(client);
}

static void print_parting(const struct view *view)
{
    const struct run_state *state = view->state;
    if (!state->run)
        return;
    const char *stack = state->stack ? state->stack : "";
    if (run_state_finished(state)) {
        printf("Run %s of %s is %s. The record: pgrunbook report %s\n", state->run, stack,
               run_status_name(state->status), state->run);
        return;
    }
    printf("Run %s of %s is %s%s%s; it goes on without this screen. Come back: pgrunbook attach "
           "%s\n",
           state->run, stack, run_status_name(state->status), state->current >= 0 ? " in " : "",
           state->current >= 0 ? state->steps[state->current].path : "", state->run);
}

bool ui_run(const char *run_directory, bool watch, struct error *error)
{
    return ui_run_by_clock(run_directory, watch, clock_wall_ms, error);
}

bool ui_run_by_clock(const char *run_directory, bool watch, int64_t (*wall_clock)(void),
                     struct error *error)
{
    struct control *control = control_open(run_directory, watch, error);
    if (!control)
        return error_wrap(error, "opening the screen");
    struct client client = {.dirty = true, .wall_clock = wall_clock};
    if (!screen_open(&client.screen, error)) {
        control_close(control);
        return error_wrap(error, "opening the screen");
    }
    view_open(&client.view, control, watch, screen_glyphs(client.screen));
    tell_time(&client);
    client.drawn_ms = client.view.monotonic_ms;
    while (!client.leave)
        turn(&client);
    screen_close(client.screen);
    if (!client.gone)
        print_parting(&client.view);
    control_close(client.view.control);
    view_close(&client.view);
    return true;
}
