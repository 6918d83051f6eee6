/* view.h: what the client holds: the run's state as the events tell it, and where the operator
 * looks.
 */
#ifndef UI_VIEW_H
#define UI_VIEW_H

#include "engine/control.h"
#include "engine/state.h"
#include "ui/dialog.h"
#include "ui/layout.h"
#include "ui/panels/panel.h"
#include "ui/search.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VIEW_MESSAGE_MAX 512

struct view;

/* Several environments of one run, of which one is shown. */
struct tabs {
    struct view *views;
    size_t count;
    size_t active;
};

/* What was typed for the one before isn't meant for this one. */
void tabs_show(struct tabs *tabs, size_t index);

struct view {
    struct tabs *tabs;     /* the loop's */
    const char *label;     /* the environment's name, or NULL */
    const char *directory; /* the run's */
    struct run_state *state;
    struct run_state *replayed; /* while a journal is read again: what it says so far, else NULL */
    struct control *control;    /* NULL once the engine has closed the connection */
    int64_t journal_bytes; /* without an engine: as far as the journal was read, see control.h */
    int64_t looked_ms;     /* and when that was, monotonic */
    bool watch;            /* may look, not decide */
    bool caught_up;        /* the journal has been replayed */
    const char *const *glyphs;
    int64_t now_ms;       /* wall time of the frame that is drawn */
    int64_t monotonic_ms; /* and on the clock that only runs forward */
    long selected;        /* index of a step, -1 when there is none */
    bool follow;          /* the selection goes with the run until the operator moves it */
    size_t focus;         /* index of a panel */
    bool zoomed;
    bool repaint; /* the loop is to draw everything anew */
    struct panel panels[LAYOUT_PANELS];
    struct layout layout; /* of the last frame */
    struct dialog dialog;
    struct search search;
    long dismissed;                 /* the gate's opening whose dialog the operator has closed */
    char message[VIEW_MESSAGE_MAX]; /* a word to the operator, "" for none */
    int64_t message_until_ms;       /* monotonic */
};

void view_open(struct view *view, struct control *control, bool watch, const char *const *glyphs);
/* Frees all but the control. */
void view_close(struct view *view);

/* The environment that is shown, "all" for the phases for all; NULL where the runbook has none. */
const char *view_environment(const struct view *view);

/* Applies one event of the stream; `context` is the view (for control_read). */
void view_event(void *context, const cJSON *event);
/* The journal was read to its end: what it says is shown. */
void view_caught_up(struct view *view);
/* Reads what the control has, and lets go of it when the engine has. */
void view_read(struct view *view);
/* Once a second, where the engine has gone: connects to the one that is back, or reads what its
 * journal says by now. False when there is nothing new. */
bool view_look_again(struct view *view);
/* In how many milliseconds that is due, -1 for never. */
int view_look_again_ms(const struct view *view);
/* After a batch of events: selection, dialogs that came up or no longer stand. */
void view_settle(struct view *view);

/* A word to the operator, shown in the bottom line for a few seconds. */
void view_say(struct view *view, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same for an error and its remedy. */
void view_say_error(struct view *view, const struct error *error);

struct panel *view_focused(struct view *view);
/* The selected step, or NULL. */
const struct step_state *view_step(const struct view *view);
void view_select(struct view *view, long step);

/* In how many milliseconds the screen changes by itself, -1 for never. */
int view_tick_ms(const struct view *view);

#endif
