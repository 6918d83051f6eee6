/* show.h: the screen of a run, and the exit status it leaves behind. */
#ifndef CLI_SHOW_H
#define CLI_SHOW_H

#include <stdbool.h>

/* Opens the screen; returns when the operator leaves it. */
int show_screen(const char *directory, bool watch);

#endif
