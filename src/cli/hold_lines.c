/* hold_lines.c: what a run holds as lines, the same for one run and for several environments. */
#include "cli/hold_lines.h"

#include "base/clock.h"

#include <stdio.h>

void print_hold(const struct run_state *state, bool alive)
{
    char since[32], left[32];
    const char *name = state->environment ? state->environment : "";
    const char *colon = state->environment ? ": " : "";
    int64_t now = clock_wall_ms(), rest = state->hold.deadline_ms - now;
    if (run_state_holds(state) && !alive)
        printf("\n!! %s%s%s still holds, for %s: NOBODY LETS GO of it, the engine has ended.\n"
               "   pgrunbook attach %s lets go and shows where the run stands.\n",
               name, colon, state->hold.step,
               text_duration(since, sizeof since, (long)(now - state->hold.since_ms)), state->run);
    else if (run_state_holds(state))
        printf("\n%s%s%s holds for %s now, at most %s more\n", name, colon, state->hold.step,
               text_duration(since, sizeof since, (long)(now - state->hold.since_ms)),
               text_duration(left, sizeof left, rest > 0 ? (long)rest : 0));
    if (state->again_ms)
        printf("\n%s%san undo failed; it is tried again by itself in %s\n", name, colon,
               text_duration(left, sizeof left,
                             state->again_ms > now ? (long)(state->again_ms - now) : 0));
}
