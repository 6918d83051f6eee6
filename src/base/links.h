/* links.h: the network interfaces of the network namespace that this thread is in. */
#ifndef BASE_LINKS_H
#define BASE_LINKS_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Removes every interface but the loopback one; *count says how many. Needs CAP_NET_ADMIN in the
 * namespace. Source: rtnetlink(7), RTM_DELLINK. */
bool links_remove(size_t *count, struct error *error);

#endif
