/* ui.h: the full-screen client: what the rest of the program calls. */
#ifndef UI_UI_H
#define UI_UI_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A run, or one of its environments. */
struct ui_tab {
    const char *label; /* the environment's name; unused when there is one tab only */
    const char *directory;
};
#define UI_TABS_MAX 32

/* Attaches to the engines of the runs in `tabs` (1 to UI_TABS_MAX) and shows one of them at a time,
 * first one that needs somebody, until the operator leaves with q or Ctrl-C, or the terminal goes
 * away; the runs go on without the screen. `watch`: it may look and decide nothing. Afterwards a
 * line each on standard output says where they stand and how to come back. False when an engine
 * can't be reached or standard input and output are no terminal; the terminal is then as it was. */
bool ui_run(const struct ui_tab *tabs, size_t count, bool watch, struct error *error);

/* The same by another wall clock, in ms since 1970; the screen tests hold it still. */
bool ui_run_by_clock(const struct ui_tab *tabs, size_t count, bool watch,
                     int64_t (*wall_clock)(void), struct error *error);

#endif
