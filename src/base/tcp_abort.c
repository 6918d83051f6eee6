/* tcp_abort.c: sock_diag: lists the connections, then asks the kernel to destroy each. */
#include "base/tcp_abort.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define ANSWER_MS 1000
#define FOUND_MAX 4096

struct target {
    int family;
    unsigned char bytes[16];
};

struct found {
    struct inet_diag_sockid items[FOUND_MAX];
    size_t count;
};

struct request {
    struct nlmsghdr header;
    struct inet_diag_req_v2 body;
};

static bool parse(const char *address, struct target *target)
{
    *target = (struct target){.family = strchr(address, ':') ? AF_INET6 : AF_INET};
    return inet_pton(target->family, address, target->bytes) == 1;
}

static bool leads_there(const struct inet_diag_msg *socket, const struct target *target)
{
    size_t length = target->family == AF_INET6 ? 16 : 4;
    return memcmp(socket->id.idiag_dst, target->bytes, length) == 0;
}

static bool ask(int netlink, int type, int flags, const struct inet_diag_req_v2 *body)
{
    const struct request request = {
        .header = {.nlmsg_len = sizeof request,
                   .nlmsg_type = (unsigned short)type,
                   .nlmsg_flags = (unsigned short)(NLM_F_REQUEST | flags)},
        .body = *body,
    };
    return send(netlink, &request, sizeof request, 0) == (ssize_t)sizeof request;
}

/* False with errno at an answer that is an error. */
static bool is_refused(const struct nlmsghdr *header)
{
    const struct nlmsgerr *answer = NLMSG_DATA(header);
    if (header->nlmsg_type != NLMSG_ERROR || answer->error == 0)
        return false;
    errno = -answer->error;
    return true;
}

static void take(const struct nlmsghdr *header, const struct target *target, struct found *found)
{
    const struct inet_diag_msg *socket = NLMSG_DATA(header);
    if (leads_there(socket, target) && found->count < FOUND_MAX)
        found->items[found->count++] = socket->id;
}

/* One datagram of the list. *ended with the last one. */
static bool take_all(char *bytes, size_t length, const struct target *target, struct found *found,
                     bool *ended)
{
    unsigned left = (unsigned)length;
    for (struct nlmsghdr *header = (void *)bytes; NLMSG_OK(header, left);
         header = NLMSG_NEXT(header, left)) {
        if (is_refused(header))
            return false;
        *ended = *ended || header->nlmsg_type == NLMSG_DONE;
        if (header->nlmsg_type == SOCK_DIAG_BY_FAMILY)
            take(header, target, found);
    }
    return true;
}

static bool list(int netlink, const struct target *target, struct found *found)
{
    _Alignas(struct nlmsghdr) char bytes[32768];
    const struct inet_diag_req_v2 body = {
        .sdiag_family = (unsigned char)target->family,
        .sdiag_protocol = IPPROTO_TCP,
        .idiag_states = 1U << TCP_ESTABLISHED | 1U << TCP_SYN_SENT | 1U << TCP_FIN_WAIT1 |
                        1U << TCP_CLOSE_WAIT | 1U << TCP_LAST_ACK | 1U << TCP_CLOSING,
    };
    bool ended = false;
    if (!ask(netlink, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &body))
        return false;
    while (!ended) {
        ssize_t got = recv(netlink, bytes, sizeof bytes, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0 || !take_all(bytes, (size_t)got, target, found, &ended))
            return false;
    }
    return true;
}

/* One that has ended by itself meanwhile is no failure. */
static bool destroy(int netlink, const struct target *target, const struct inet_diag_sockid *id)
{
    _Alignas(struct nlmsghdr) char bytes[1024];
    const struct inet_diag_req_v2 body = {
        .sdiag_family = (unsigned char)target->family,
        .sdiag_protocol = IPPROTO_TCP,
        .idiag_states = ~0U,
        .id = *id,
    };
    if (!ask(netlink, SOCK_DESTROY, NLM_F_ACK, &body))
        return false;
    ssize_t got = recv(netlink, bytes, sizeof bytes, 0);
    const struct nlmsghdr *header = (const void *)bytes;
    bool whole = got >= (ssize_t)NLMSG_LENGTH(sizeof(struct nlmsgerr));
    return whole && (!is_refused(header) || errno == ENOENT);
}

static int open_netlink(void)
{
    const struct timeval limit = {.tv_sec = ANSWER_MS / 1000};
    int netlink = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (netlink >= 0)
        setsockopt(netlink, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    return netlink;
}

bool tcp_abort_to(const char *address, size_t *count, struct error *error)
{
    struct target target;
    *count = 0;
    if (!parse(address, &target))
        return error_set(error, ERROR_OTHER, "%.80s is no address", address);
    struct found found = {.count = 0};
    int netlink = open_netlink();
    bool done = netlink >= 0 && list(netlink, &target, &found);
    for (size_t i = 0; done && i < found.count; i++) {
        done = destroy(netlink, &target, &found.items[i]);
        *count += done;
    }
    if (!done)
        error_errno(error, "can't end the connections to %s", address);
    if (netlink >= 0)
        close(netlink);
    return done;
}
