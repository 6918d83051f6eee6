/* host_address.h: what can be told from a host's name or address alone. */
#ifndef BASE_HOST_ADDRESS_H
#define BASE_HOST_ADDRESS_H

#include <stdbool.h>

/* "localhost", 127.0.0.0/8 and ::1: this machine, for whoever says it. */
bool host_is_loopback(const char *host);
/* "0.0.0.0" and "::": every address of the machine that listens. */
bool host_is_any(const char *host);

#endif
