/* ui.h: the full-screen client: what the rest of the program calls. */
#ifndef UI_UI_H
#define UI_UI_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/* Attaches to the engine of the run in `run_directory` and shows the run until the operator leaves
 * with q or Ctrl-C, or the terminal goes away; the run goes on without the screen. `watch`: it may
 * look and decide nothing. Afterwards one line on standard output says where the run stands and how
 * to come back. False when the engine can't be reached or standard input and output are no
 * terminal; the terminal is then as it was. */
bool ui_run(const char *run_directory, bool watch, struct error *error);

/* The same by another wall clock, in ms since 1970; the screen tests hold it still. */
bool ui_run_by_clock(const char *run_directory, bool watch, int64_t (*wall_clock)(void),
                     struct error *error);

#endif
