/* links.c: rtnetlink: each interface by its index. */
#include "base/links.h"

#include "base/rtnetlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

struct request {
    struct nlmsghdr header;
    struct ifinfomsg body;
};

/* False with errno. One that is gone already is no failure. */
static bool remove_one(int netlink, unsigned index)
{
    const struct request request = {
        .header = {.nlmsg_len = sizeof request,
                   .nlmsg_type = RTM_DELLINK,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK},
        .body = {.ifi_family = AF_UNSPEC, .ifi_index = (int)index},
    };
    return rtnetlink_ask(netlink, &request, sizeof request) || errno == ENODEV;
}

static bool remove_all(int netlink, const struct if_nameindex *list, size_t *count)
{
    for (; list->if_index; list++) {
        if (strcmp(list->if_name, "lo") == 0)
            continue;
        if (!remove_one(netlink, list->if_index))
            return false;
        (*count)++;
    }
    return true;
}

bool links_remove(size_t *count, struct error *error)
{
    int netlink = rtnetlink_open();
    struct if_nameindex *list = netlink >= 0 ? if_nameindex() : NULL;
    *count = 0;
    bool done = list && remove_all(netlink, list, count);
    if (!done)
        error_errno(error, "network interfaces can't be removed");
    if_freenameindex(list);
    if (netlink >= 0)
        close(netlink);
    return done;
}
