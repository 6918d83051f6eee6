/* where.h: which Docker engine a run works on: for the screen, and so that two runs don't work on
 * the same stack of it. */
#ifndef STEPS_WHERE_H
#define STEPS_WHERE_H

#include "base/error.h"

#include <stdbool.h>

/* "tcp://db1:2376 (context live)", or NULL for this machine's own engine: found as the docker
 * command finds it, and not asked. The caller frees. An error when what is set can't be used. */
bool where_description(char **description, struct error *error);

/* From now on this process, and what it starts, stay with the engine that the docker command would
 * use at this moment, and with its directory of contexts, whatever `docker context use` says later.
 * ERROR_DOCKER when DOCKER_HOST is no address, or one with a password in it. */
bool where_stay(struct error *error);

/* A stack's name with the engine that it is on, by what the engine says of itself: the same by
 * every address of it, and another one for an engine beside it, or for a machine that was copied
 * with it. NULL where it doesn't answer. The caller frees. */
char *where_target_named(const char *stack);
/* The same by the address, without asking. */
char *where_target_addressed(const char *stack);
/* By the name, or by the address where the engine doesn't answer. */
char *where_target(const char *stack);

#endif
