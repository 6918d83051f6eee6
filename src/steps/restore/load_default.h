/* load_default.h: the databases that every server has, and whether a dump says nothing of such a
 * one that isn't so on every new server. */
#ifndef STEPS_RESTORE_LOAD_DEFAULT_H
#define STEPS_RESTORE_LOAD_DEFAULT_H

#include "postgres/dump_toc.h"

/* "postgres" and "template1". */
bool load_every_server_has(const char *database);
/* `user`: the superuser that the new server was made with. */
bool load_is_default(const struct toc *toc, const char *database, const char *user);

#endif
