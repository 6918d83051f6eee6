/* rtnetlink.h: one request to the kernel's network settings, and its acknowledgement. */
#ifndef BASE_RTNETLINK_H
#define BASE_RTNETLINK_H

#include <stdbool.h>
#include <stddef.h>

/* A socket in the calling thread's network namespace, whose answers are waited for a second at
 * most; -1 with errno. The caller closes. Source: rtnetlink(7). */
int rtnetlink_open(void);
/* Sends the request (a whole struct nlmsghdr with NLM_F_ACK); false with the kernel's answer in
 * errno. */
bool rtnetlink_ask(int netlink, const void *request, size_t length);

#endif
