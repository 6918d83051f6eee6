/* screen.h: the terminal: drawing by meaning, keys, and waiting for whichever comes first. */
#ifndef UI_SCREEN_H
#define UI_SCREEN_H

#include "base/error.h"
#include "ui/input.h"
#include "ui/layout.h"
#include "ui/theme.h"

#include <stdbool.h>
#include <stddef.h>

struct screen;

/* Takes the terminal over (standard input and output) and the signals that concern it. On false
 * nothing is changed. The caller gives both back with screen_close. */
bool screen_open(struct screen **screen, struct error *error);
void screen_close(struct screen *screen);

void screen_size(const struct screen *screen, int *rows, int *columns);
const char *const *screen_glyphs(const struct screen *screen);

void screen_erase(struct screen *screen);
/* Writes UTF-8 text, cut after `columns`; returns how many it took. Outside of the screen nothing
 * is drawn. */
int screen_put(struct screen *screen, int row, int column, enum role role, const char *bytes,
               size_t length, int columns);
/* Fills the row's columns with one glyph (or " "). */
void screen_fill(struct screen *screen, int row, int column, enum role role, const char *glyph,
                 int columns);
/* Where the terminal's cursor stands from the next screen_present on; row -1 hides it. */
void screen_cursor(struct screen *screen, int row, int column);
/* The next screen_present sends everything, whatever the terminal shows now. */
void screen_repaint(struct screen *screen);
/* Sends what has changed since the last time. */
void screen_present(struct screen *screen);

/* What screen_wait saw, a set of these. */
enum screen_event {
    SCREEN_KEYS = 1,
    SCREEN_DESCRIPTOR = 2, /* one of the other descriptors is readable or closed */
    SCREEN_RESIZED = 4,    /* draw everything anew */
    SCREEN_LEAVE = 8,      /* SIGINT, SIGTERM */
    SCREEN_GONE = 16,      /* SIGHUP, or the terminal doesn't exist any more */
};

#define SCREEN_DESCRIPTORS_MAX 32
/* Waits for a key, for one of `count` descriptors (-1: none), for a signal, or for `milliseconds`
 * (-1: without end). Handles suspension (SIGTSTP) itself. */
unsigned screen_wait(struct screen *screen, const int *descriptors, size_t count, int milliseconds);

/* The next key that was typed, without waiting; false when there is none. */
bool screen_key(struct screen *screen, struct key *key);
/* Forgets what was typed and not read yet. */
void screen_discard_keys(struct screen *screen);

#endif
