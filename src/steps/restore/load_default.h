/* load_default.h: whether a dump says nothing of its database that isn't so on every new server. */
#ifndef STEPS_RESTORE_LOAD_DEFAULT_H
#define STEPS_RESTORE_LOAD_DEFAULT_H

#include "postgres/dump_toc.h"

/* `user`: the superuser that the new server was made with. */
bool load_is_default(const struct toc *toc, const char *database, const char *user);

#endif
