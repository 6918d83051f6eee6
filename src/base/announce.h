/* announce.h: tells the neighbours of a network namespace who has its addresses. */
#ifndef BASE_ANNOUNCE_H
#define BASE_ANNOUNCE_H

#include "base/error.h"

#include <stddef.h>

/* One ARP announcement for each IPv4 address of every Ethernet interface that is up, in the
 * calling thread's network namespace; *count says how many. A neighbour that has asked in vain for
 * such an address, as the interface wasn't there yet, asks again after a second only; this lets it
 * send at once what waits there. One that knows another owner of the address changes over. IPv6
 * isn't announced. Needs CAP_NET_RAW there. Source: RFC 826, RFC 5227 section 3; packet(7); arp(7),
 * retrans_time_ms. */
bool announce_addresses(size_t *count, struct error *error);

#endif
