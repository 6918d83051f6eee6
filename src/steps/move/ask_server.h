/* ask_server.h: what a move needs of the server itself and of its pooler, asked while nothing is
 * begun. */
#ifndef STEPS_MOVE_ASK_SERVER_H
#define STEPS_MOVE_ASK_SERVER_H

#include "steps/findings.h"

/* The step's arguments `server` and `pooler`; without one nothing is asked of it. They change
 * nothing. A server that doesn't answer is a warning: nothing is known of it then. */
void ask_server(struct findings *findings);
void ask_pooler(struct findings *findings);

#endif
