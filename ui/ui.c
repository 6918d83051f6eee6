/* ui.c: the client's loop: an event or a key in, a reaction out, a frame at most twenty times a
 * second. */
#include "ui/ui.h"

#include "base/clock.h"
#include "ui/frame.h"
#include "ui/keymap.h"
#include "ui/screen.h"
#include "ui/view.h"

#include <stdio.h>
#include <stdlib.h>

#define FRAME_MS 50        /* events may wait so long for their frame; keys don't */
#define FIRST_FRAME_MS 100 /* so long a journal may be read before something is shown */

struct client {
    struct view views[UI_TABS_MAX];
    struct tabs tabs;
    bool placed; /* where the operator looks first was decided */
    bool chosen; /* and then by the operator */
    struct screen *screen;
    int64_t (*wall_clock)(void);
    bool dirty;       /* there is something new to draw */
    bool at_once;     /* and it's the answer to a key */
    int64_t drawn_ms; /* monotonic */
    bool leave;
    bool gone; /* the terminal is */
};

static struct view *shown(struct client *client)
{
    return &client->tabs.views[client->tabs.active];
}

static void read_view(struct client *client, struct view *view)
{
    bool before = view->caught_up;
    view_read(view);
    client->at_once = client->at_once || (!before && view->caught_up);
}

/* 2: it needs somebody, 1: it works, 0: there is nothing to see. */
static int attraction(enum run_status status)
{
    static const int table[] = {
        [RUN_RUNNING] = 1,      [RUN_AT_GATE] = 2,         [RUN_DECLINED] = 2,
        [RUN_STEP_FAILED] = 2,  [RUN_ROLLBACK_FAILED] = 2, [RUN_RELEASING] = 1,
        [RUN_ROLLING_BACK] = 1, [RUN_LEFT_OUT] = 0,
    };
    return table[status];
}

static int attraction_of(const struct tabs *tabs, size_t index)
{
    return attraction(tabs->views[index].state->status);
}

/* The first of those that need somebody most, once all is known. */
static void place(struct client *client)
{
    struct tabs *tabs = &client->tabs;
    for (size_t i = 0; i < tabs->count; i++)
        if (!tabs->views[i].caught_up)
            return;
    for (size_t i = 0; i < tabs->count; i++)
        if (attraction_of(tabs, i) > attraction_of(tabs, tabs->active))
            tabs_show(tabs, i);
    client->placed = true;
}

/* Until the operator goes to one by hand, a gate that opens elsewhere is shown where there is
 * nothing to see. A gate only: its dialog drops the keys that were meant for what was there. */
static void follow_gates(struct client *client)
{
    struct tabs *tabs = &client->tabs;
    const struct view *view = shown(client);
    if (client->chosen || !client->placed || attraction_of(tabs, tabs->active) ||
        view->dialog.operations || view->search.open)
        return;
    for (size_t i = tabs->count; i-- > 0;)
        if (tabs->views[i].state->gate.step && tabs->views[i].dialog.operations)
            tabs_show(tabs, i);
}

static void read_events(struct client *client)
{
    client->dirty = true;
    for (size_t i = 0; i < client->tabs.count; i++)
        read_view(client, &client->tabs.views[i]);
    if (!client->placed)
        place(client);
    follow_gates(client);
}

/* Where an engine has gone. */
static void look_again(struct client *client)
{
    for (size_t i = 0; i < client->tabs.count; i++)
        if (view_look_again(&client->tabs.views[i]))
            client->dirty = true;
}

static void read_keys(struct client *client)
{
    struct key key;
    while (!client->leave && screen_key(client->screen, &key)) {
        struct view *view = shown(client);
        enum reaction reaction = keymap_dispatch(view, &key);
        client->leave = reaction == REACTION_LEAVE;
        client->at_once = client->at_once || reaction == REACTION_REDRAW;
        view_settle(view);
        if (view != shown(client))
            client->placed = client->chosen = true;
    }
}

static void tell_time(struct client *client)
{
    int64_t now_ms = client->wall_clock(), monotonic_ms = clock_monotonic_ms();
    for (size_t i = 0; i < client->tabs.count; i++) {
        struct view *view = &client->tabs.views[i];
        view->now_ms = now_ms;
        view->monotonic_ms = monotonic_ms;
        if (*view->message && monotonic_ms >= view->message_until_ms) {
            view->message[0] = '\0';
            client->dirty = true;
        }
    }
}

/* A dialog that came up by itself isn't answered by what was typed before it was seen: that is
 * forgotten before the frame and, with dialog.shown_ms, for a while after it. */
static void draw(struct client *client)
{
    struct view *view = shown(client);
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
    const struct view *view = &client->tabs.views[client->tabs.active];
    int64_t since = view->monotonic_ms - client->drawn_ms;
    int wait = view->caught_up ? FRAME_MS : FIRST_FRAME_MS;
    return client->at_once || (client->dirty && since >= wait);
}

/* Of two waits, -1 being none. */
static int sooner(int wait, int other)
{
    return wait < 0 || (other >= 0 && other < wait) ? other : wait;
}

/* Until the frame that is due, until something ticks, or for ever. */
static int patience(const struct client *client)
{
    const struct view *view = &client->tabs.views[client->tabs.active];
    int64_t since = view->monotonic_ms - client->drawn_ms;
    int frame = view->caught_up ? FRAME_MS : FIRST_FRAME_MS;
    int wait = view_tick_ms(view);
    if (client->dirty)
        wait = since < frame ? (int)(frame - since) : 0;
    for (size_t i = 0; i < client->tabs.count; i++)
        wait = sooner(wait, view_look_again_ms(&client->tabs.views[i]));
    return wait;
}

static void turn(struct client *client)
{
    int descriptors[UI_TABS_MAX];
    for (size_t i = 0; i < client->tabs.count; i++) {
        const struct control *control = client->tabs.views[i].control;
        descriptors[i] = control ? control_descriptor(control) : -1;
    }
    unsigned seen = screen_wait(client->screen, descriptors, client->tabs.count, patience(client));
    tell_time(client);
    if (seen & SCREEN_DESCRIPTOR)
        read_events(client);
    look_again(client);
    if (seen & SCREEN_KEYS)
        read_keys(client);
    if (seen & SCREEN_RESIZED)
        client->at_once = true;
    if (!seen && view_tick_ms(shown(client)) >= 0)
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

static void close_controls(struct control **controls, size_t count)
{
    for (size_t i = 0; i < count; i++)
        control_close(controls[i]);
}

static bool open_controls(const struct ui_tab *tabs, size_t count, bool watch,
                          struct control **controls, struct error *error)
{
    for (size_t i = 0; i < count; i++) {
        controls[i] = control_open(tabs[i].directory, watch, error);
        if (controls[i])
            continue;
        close_controls(controls, i);
        return false;
    }
    return true;
}

static void open_views(struct client *client, const struct ui_tab *tabs, size_t count, bool watch,
                       struct control **controls)
{
    client->tabs = (struct tabs){.views = client->views, .count = count};
    for (size_t i = 0; i < count; i++) {
        struct view *view = &client->views[i];
        view_open(view, controls[i], watch, screen_glyphs(client->screen));
        view->tabs = &client->tabs;
        view->label = tabs[i].label;
        view->directory = tabs[i].directory;
    }
}

static void close_views(struct client *client)
{
    for (size_t i = 0; i < client->tabs.count; i++) {
        control_close(client->views[i].control);
        view_close(&client->views[i]);
    }
}

static void run(struct client *client)
{
    tell_time(client);
    client->drawn_ms = client->views[0].monotonic_ms;
    while (!client->leave)
        turn(client);
    screen_close(client->screen);
    for (size_t i = 0; i < client->tabs.count && !client->gone; i++)
        print_parting(&client->views[i]);
    close_views(client);
}

bool ui_run(const struct ui_tab *tabs, size_t count, bool watch, struct error *error)
{
    return ui_run_by_clock(tabs, count, watch, clock_wall_ms, error);
}

bool ui_run_by_clock(const struct ui_tab *tabs, size_t count, bool watch,
                     int64_t (*wall_clock)(void), struct error *error)
{
    struct control *controls[UI_TABS_MAX];
    count = count < UI_TABS_MAX ? count : UI_TABS_MAX;
    if (!open_controls(tabs, count, watch, controls, error))
        return error_wrap(error, "opening the screen");
    struct client *client = xcalloc(1, sizeof *client);
    *client = (struct client){.dirty = true, .wall_clock = wall_clock};
    bool opened = screen_open(&client->screen, error);
    if (opened) {
        open_views(client, tabs, count, watch, controls);
        run(client);
    } else {
        close_controls(controls, count);
    }
    free(client);
    return opened || error_wrap(error, "opening the screen");
}
