/* hold_lines.h: what a run holds, such as writes that are stopped, and who lets go of it. */
#ifndef CLI_HOLD_LINES_H
#define CLI_HOLD_LINES_H

#include "engine/state.h"

/* On standard output; nothing where nothing is held. `alive`: the run's engine is. The lines begin
 * with the environment's name where it has one. */
void print_hold(const struct run_state *state, bool alive);

#endif
