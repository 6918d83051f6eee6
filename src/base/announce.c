/* announce.c: gratuitous ARP by packet sockets. */
#include "base/announce.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/if_ether.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const unsigned char everybody[ETH_ALEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

/* The Ethernet address of the interface, or NULL. */
static const struct sockaddr_ll *hardware_of(const struct ifaddrs *list, const char *interface)
{
    for (const struct ifaddrs *item = list; item; item = item->ifa_next) {
        if (!item->ifa_addr || item->ifa_addr->sa_family != AF_PACKET ||
            strcmp(item->ifa_name, interface) != 0)
            continue;
        const struct sockaddr_ll *hardware = (const void *)item->ifa_addr;
        return hardware->sll_hatype == ARPHRD_ETHER && hardware->sll_halen == ETH_ALEN ? hardware
                                                                                       : NULL;
    }
    return NULL;
}

static struct ether_arp announcement_of(const struct sockaddr_ll *hardware,
                                        const struct in_addr *address)
{
    struct ether_arp packet = {
        .ea_hdr = {.ar_hrd = htons(ARPHRD_ETHER),
                   .ar_pro = htons(ETHERTYPE_IP),
                   .ar_hln = ETH_ALEN,
                   .ar_pln = sizeof *address,
                   .ar_op = htons(ARPOP_REQUEST)},
    };
    memcpy(packet.arp_sha, hardware->sll_addr, ETH_ALEN);
    memcpy(packet.arp_spa, address, sizeof *address);
    memcpy(packet.arp_tpa, address, sizeof *address);
    return packet;
}

static bool announce(int packets, const struct sockaddr_ll *hardware, const struct in_addr *address)
{
    const struct ether_arp packet = announcement_of(hardware, address);
    struct sockaddr_ll to = {.sll_family = AF_PACKET,
                             .sll_protocol = htons(ETHERTYPE_ARP),
                             .sll_ifindex = hardware->sll_ifindex,
                             .sll_halen = ETH_ALEN};
    memcpy(to.sll_addr, everybody, ETH_ALEN);
    return sendto(packets, &packet, sizeof packet, 0, (const void *)&to, sizeof to) ==
           (ssize_t)sizeof packet;
}

static bool announce_all(int packets, const struct ifaddrs *list, size_t *count)
{
    for (const struct ifaddrs *item = list; item; item = item->ifa_next) {
        if (!item->ifa_addr || item->ifa_addr->sa_family != AF_INET ||
            !(item->ifa_flags & IFF_UP) || (item->ifa_flags & IFF_NOARP))
            continue;
        const struct sockaddr_ll *hardware = hardware_of(list, item->ifa_name);
        const struct sockaddr_in *address = (const void *)item->ifa_addr;
        if (hardware && !announce(packets, hardware, &address->sin_addr))
            return false;
        *count += hardware != NULL;
    }
    return true;
}

bool announce_addresses(size_t *count, struct error *error)
{
    struct ifaddrs *list = NULL;
    *count = 0;
    if (getifaddrs(&list) < 0)
        return error_errno(error, "can't read the network interfaces");
    int packets = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETHERTYPE_ARP));
    bool done = packets >= 0 && announce_all(packets, list, count);
    if (!done)
        error_errno(error, "can't announce this network's addresses");
    if (packets >= 0)
        close(packets);
    freeifaddrs(list);
    return done;
}
