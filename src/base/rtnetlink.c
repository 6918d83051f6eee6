/* rtnetlink.c: a raw netlink socket; the kernel acknowledges each request by an error message. */
#include "base/rtnetlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define ANSWER_S 1

int rtnetlink_open(void)
{
    const struct timeval limit = {.tv_sec = ANSWER_S};
    int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (netlink >= 0)
        setsockopt(netlink, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    return netlink;
}

bool rtnetlink_ask(int netlink, const void *request, size_t length)
{
    _Alignas(struct nlmsghdr) char bytes[1024];
    const struct nlmsghdr *header = (const void *)bytes;
    if (send(netlink, request, length, 0) != (ssize_t)length)
        return false;
    if (recv(netlink, bytes, sizeof bytes, 0) < (ssize_t)NLMSG_LENGTH(sizeof(struct nlmsgerr)))
        return false;
    const struct nlmsgerr *answer = NLMSG_DATA(header);
    errno = header->nlmsg_type == NLMSG_ERROR ? -answer->error : EPROTO;
    return errno == 0;
}
