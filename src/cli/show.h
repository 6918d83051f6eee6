/* show.h: the screen of a run, and the exit status it leaves behind. */
#ifndef CLI_SHOW_H
#define CLI_SHOW_H

#include "cli/options.h"
#include "cli/plain.h"

#include <stdbool.h>

/* The screen of a run, with all of its environments, or its lines where there is no terminal or
 * --plain asks for them. Returns the exit status. */
int follow_run(const char *directory, const struct options *options,
               const struct plain_options *plain);

#endif
