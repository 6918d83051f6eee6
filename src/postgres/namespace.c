/* namespace.c: setns() there and back. */
#include "postgres/namespace.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define OWN_NAMESPACE "/proc/thread-self/ns/net"

bool namespace_enter(const char *path, struct namespace_visit *visit, struct error *error)
{
    visit->own = -1;
    if (!path)
        return true;
    int own = open(OWN_NAMESPACE, O_RDONLY | O_CLOEXEC);
    int other = own < 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    bool entered = other >= 0 && setns(other, CLONE_NEWNET) == 0;
    if (entered)
        visit->own = own;
    else
        error_errno(error, "can't enter the network namespace %s", path);
    if (other >= 0)
        close(other);
    if (own >= 0 && !entered)
        close(own);
    return entered;
}

void namespace_leave(struct namespace_visit *visit)
{
    if (visit->own < 0)
        return;
    if (setns(visit->own, CLONE_NEWNET) != 0) {
        perror("pgrunbook: can't go back to its own network namespace");
        abort();
    }
    close(visit->own);
    visit->own = -1;
}
