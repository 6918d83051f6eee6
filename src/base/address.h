/* address.h: an address more for a network namespace, on the interface of its subnet. */
#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

#include "base/error.h"

#include <stdbool.h>

/* The calling thread's network namespace answers for that IPv4 address, too, from then on, or no
 * longer. It goes onto the interface whose subnet it belongs to; none is an error, and so is an
 * address that is there already (isn't there any more). Needs CAP_NET_ADMIN there.
 * Source: rtnetlink(7), RTM_NEWADDR and RTM_DELADDR. */
bool address_add(const char *address, struct error *error);
bool address_remove(const char *address, struct error *error);

#endif
