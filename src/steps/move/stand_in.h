/* stand_in.h: a container that bears a service's names and addresses in the tenth of a second
 * between one server and the next, and refuses whoever comes. Without it a name that nobody bears
 * is looked up at the machine's resolver, which may take seconds to say no, and a connection to an
 * address that nobody has is tried again a second later only. */
#ifndef STEPS_MOVE_STAND_IN_H
#define STEPS_MOVE_STAND_IN_H

#include "docker/helper.h"
#include "steps/move/aside.h"

struct move;

struct stand_in {
    struct docker_helper *helper;      /* NULL: there is none, and clients may have to wait */
    struct docker_container container; /* while it was on no network */
    struct docker_container joined;    /* with the addresses of its own */
    struct aside leaver;
    bool has_names;
    bool has_addresses; /* it may bear some of the leaving server's */
};

/* While nothing is changed: a container on no network. Where it can't be had the move goes on
 * without it, and says so. None behind a pooler, whose clients ask for no name meanwhile: its calls
 * would only make them wait, and the pooler must not find it. */
void stand_in_prepare(struct move *move);
/* Right before clients are stopped: it bears the names, too. Always true: a move goes on without.
 */
bool stand_in_join(struct move *move);
/* Once the server has left: its IPv4 addresses, too. */
void stand_in_take(struct move *move);
/* Gives up the address on that network: the other server has come. */
void stand_in_give(struct move *move, const char *network);
/* Nobody has come, and one of both will be brought to serve: gives up all addresses. It keeps the
 * names until that is so. */
void stand_in_yield(struct move *move);
/* It begins to give up the names. */
void stand_in_leave(struct move *move);
/* Its end, wherever it is. */
void stand_in_close(struct move *move);

#endif
