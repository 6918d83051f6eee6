/* links.c: rtnetlink: each interface by its index. */
#include "base/links.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define ANSWER_S 1

struct request {
    struct nlmsghdr header;
    struct ifinfomsg body;
};

static bool send_removal(int netlink, unsigned index)
{
    const struct request request = {
        .header = {.nlmsg_len = sizeof request,
                   .nlmsg_type = RTM_DELLINK,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK},
        .body = {.ifi_family = AF_UNSPEC, .ifi_index = (int)index},
    };
    return send(netlink, &request, sizeof request, 0) == (ssize_t)sizeof request;
}

/* False with errno. One that is gone already is no failure. */
static bool is_acknowledged(int netlink)
{
    _Alignas(struct nlmsghdr) char bytes[1024];
    ssize_t got = recv(netlink, bytes, sizeof bytes, 0);
    const struct nlmsghdr *header = (const void *)bytes;
    if (got < (ssize_t)NLMSG_LENGTH(sizeof(struct nlmsgerr)))
        return false;
    const struct nlmsgerr *answer = NLMSG_DATA(header);
    errno = header->nlmsg_type == NLMSG_ERROR ? -answer->error : EPROTO;
    return errno == 0 || errno == ENODEV;
}

static bool remove_all(int netlink, const struct if_nameindex *list, size_t *count)
{
    for (; list->if_index; list++) {
        if (strcmp(list->if_name, "lo") == 0)
            continue;
        if (!send_removal(netlink, list->if_index) || !is_acknowledged(netlink))
            return false;
        (*count)++;
    }
    return true;
}

bool links_remove(size_t *count, struct error *error)
{
    const struct timeval limit = {.tv_sec = ANSWER_S};
    int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    struct if_nameindex *list = netlink >= 0 ? if_nameindex() : NULL;
    *count = 0;
    bool done = list && setsockopt(netlink, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0 &&
                remove_all(netlink, list, count);
    if (!done)
        error_errno(error, "network interfaces can't be removed");
    if_freenameindex(list);
    if (netlink >= 0)
        close(netlink);
    return done;
}
