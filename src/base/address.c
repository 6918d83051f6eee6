/* address.c: rtnetlink: an IPv4 address of full length beside an interface's own. */
#include "base/address.h"

#include "base/rtnetlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#define FULL_LENGTH 32

struct request {
    struct nlmsghdr header;
    struct ifaddrmsg body;
    struct rtattr attribute;
    struct in_addr address;
};

static struct in_addr ipv4_of(const struct sockaddr *address)
{
    return ((const struct sockaddr_in *)(const void *)address)->sin_addr;
}

static bool holds(const struct ifaddrs *item, struct in_addr address)
{
    if (!item->ifa_addr || !item->ifa_netmask || item->ifa_addr->sa_family != AF_INET)
        return false;
    in_addr_t mask = ipv4_of(item->ifa_netmask).s_addr, own = ipv4_of(item->ifa_addr).s_addr;
    return mask != INADDR_NONE && own != address.s_addr && (own & mask) == (address.s_addr & mask);
}

/* 0: none, with errno. */
static unsigned interface_of(struct in_addr address)
{
    struct ifaddrs *list = NULL;
    unsigned index = 0;
    if (getifaddrs(&list) < 0)
        return 0;
    errno = ENETUNREACH;
    for (const struct ifaddrs *item = list; item && !index; item = item->ifa_next) {
        if (holds(item, address))
            index = if_nametoindex(item->ifa_name);
    }
    freeifaddrs(list);
    return index;
}

static bool ask(int netlink, int type, int flags, unsigned interface, struct in_addr address)
{
    const struct request request = {
        .header = {.nlmsg_len = sizeof request,
                   .nlmsg_type = (unsigned short)type,
                   .nlmsg_flags = (unsigned short)(NLM_F_REQUEST | NLM_F_ACK | flags)},
        .body = {.ifa_family = AF_INET, .ifa_prefixlen = FULL_LENGTH, .ifa_index = interface},
        .attribute = {.rta_len = RTA_LENGTH(sizeof address), .rta_type = IFA_LOCAL},
        .address = address,
    };
    return rtnetlink_ask(netlink, &request, sizeof request);
}

static bool change(const char *text, int type, int flags, struct error *error)
{
    struct in_addr address;
    if (inet_pton(AF_INET, text, &address) != 1)
        return error_set(error, ERROR_OTHER, "%.80s is no IPv4 address", text);
    unsigned interface = interface_of(address);
    int netlink = interface ? rtnetlink_open() : -1;
    bool done = netlink >= 0 && ask(netlink, type, flags, interface, address);
    if (!done)
        error_errno(error, "the address %s can't be %s", text,
                    type == RTM_NEWADDR ? "taken" : "given up");
    if (netlink >= 0)
        close(netlink);
    return done;
}

bool address_add(const char *address, struct error *error)
{
    return change(address, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, error);
}

bool address_remove(const char *address, struct error *error)
{
    return change(address, RTM_DELADDR, 0, error);
}
