/* host_address.c: addresses by their ranges. */
#include "base/host_address.h"

#include "base/text.h"

#include <arpa/inet.h>

bool host_is_loopback(const char *host)
{
    struct in_addr four;
    struct in6_addr six;
    if (inet_pton(AF_INET, host, &four) == 1)
        return ntohl(four.s_addr) >> 24 == 127;
    if (inet_pton(AF_INET6, host, &six) == 1)
        return IN6_IS_ADDR_LOOPBACK(&six);
    return text_equal(host, "localhost");
}

bool host_is_any(const char *host)
{
    return text_equal(host, "0.0.0.0") || text_equal(host, "::");
}
