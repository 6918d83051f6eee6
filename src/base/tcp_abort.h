/* tcp_abort.h: ends TCP connections whose other side is gone without having said so. */
#ifndef BASE_TCP_ABORT_H
#define BASE_TCP_ABORT_H

#include "base/error.h"

#include <stddef.h>

/* Every connection of the calling process's network namespace to that IPv4 or IPv6 address ends
 * with an error, as if the other side had reset it; those that are being made, too. *count: how
 * many. Needs CAP_NET_ADMIN there. Source: sock_diag(7), SOCK_DESTROY (Linux 4.5). */
bool tcp_abort_to(const char *address, size_t *count, struct error *error);

#endif
