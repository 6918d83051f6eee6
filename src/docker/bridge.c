/* bridge.c: carries bytes between a socket and a command inside a container, both ways at once. */
#include "docker/bridge.h"

#include "docker/demux.h"
#include "docker/exec_start.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#define PIECE ((size_t)64 << 10)

/* What stands between the two sides. Each direction is read only when its buffer is empty, so that
 * neither grows beyond a piece. */
struct bridge {
    struct hijack hijack;
    struct demux demux;
    const struct docker_exec *exec;
    int descriptor;
    struct text inwards;  /* from the socket, for the command */
    struct text outwards; /* from the command, for the socket */
    char *piece;          /* PIECE bytes */
    size_t carried;
    bool socket_ended, command_ended;
};

static bool take_output(void *context, const char *bytes, size_t length, struct error *error)
{
    struct bridge *bridge = context;
    (void)error;
    text_append(&bridge->outwards, bytes, length);
    bridge->carried += length;
    return true;
}

static bool take_error(void *context, const char *bytes, size_t length, struct error *error)
{
    const struct docker_exec *exec = ((struct bridge *)context)->exec;
    return !exec->write_error || exec->write_error(exec->context, bytes, length, error);
}

static bool would_wait(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

/* Each of the four moves at most a piece without waiting and tells by *moved when it did. */
static bool from_command(struct bridge *bridge, bool *moved, struct error *error)
{
    size_t count = 0;
    if (bridge->outwards.length || bridge->command_ended)
        return true;
    if (!hijack_receive(&bridge->hijack, bridge->piece, PIECE, &count, &bridge->command_ended,
                        error))
        return false;
    *moved = *moved || count || bridge->command_ended;
    return demux_feed(&bridge->demux, bridge->piece, count, error);
}

static bool to_socket(struct bridge *bridge, bool *moved, struct error *error)
{
    if (!bridge->outwards.length)
        return true;
    ssize_t sent = send(bridge->descriptor, bridge->outwards.bytes, bridge->outwards.length,
                        MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0)
        return would_wait() ||
               error_errno(error, "can't hand on what %s says", bridge->exec->arguments[0]);
    text_consume(&bridge->outwards, (size_t)sent);
    *moved = true;
    return true;
}

static bool from_socket(struct bridge *bridge, bool *moved, struct error *error)
{
    if (bridge->inwards.length)
        return true;
    ssize_t got = recv(bridge->descriptor, bridge->piece, PIECE, MSG_DONTWAIT);
    if (got < 0)
        return would_wait() ||
               error_errno(error, "can't read what is meant for %s", bridge->exec->arguments[0]);
    bridge->socket_ended = got == 0;
    text_append(&bridge->inwards, bridge->piece, (size_t)got);
    *moved = true;
    return true;
}

static bool to_command(struct bridge *bridge, bool *moved, struct error *error)
{
    size_t count = 0;
    if (!bridge->inwards.length)
        return true;
    if (!hijack_send(&bridge->hijack, bridge->inwards.bytes, bridge->inwards.length, &count))
        return error_set(error, ERROR_DOCKER, "%s takes no more input", bridge->exec->arguments[0]);
    text_consume(&bridge->inwards, count);
    *moved = *moved || count;
    return true;
}

static bool wait_for_either(const struct bridge *bridge, struct error *error)
{
    short socket_events = bridge->inwards.length ? 0 : POLLIN;
    short command_events = bridge->outwards.length ? 0 : POLLIN;
    if (bridge->outwards.length)
        socket_events = (short)(socket_events | POLLOUT);
    if (bridge->inwards.length)
        command_events = (short)(command_events | POLLOUT);
    struct pollfd entries[] = {{.fd = bridge->descriptor, .events = socket_events},
                               {.fd = bridge->hijack.socket, .events = command_events}};
    return poll(entries, 2, -1) >= 0 || errno == EINTR ||
           error_errno(error, "waiting for %s", bridge->exec->arguments[0]);
}

static bool over(const struct bridge *bridge)
{
    return bridge->socket_ended || (bridge->command_ended && !bridge->outwards.length);
}

static bool carry(struct bridge *bridge, struct error *error)
{
    struct text first = bridge->hijack.rest; /* came behind the answer's headers */
    if (!demux_feed(&bridge->demux, first.bytes, first.length, error))
        return false;
    while (!over(bridge)) {
        bool moved = false;
        if (!from_command(bridge, &moved, error) || !to_socket(bridge, &moved, error) ||
            !from_socket(bridge, &moved, error) || !to_command(bridge, &moved, error) ||
            (!moved && !over(bridge) && !wait_for_either(bridge, error)))
            return false;
    }
    return true;
}

bool docker_bridge(struct docker *docker, const struct docker_exec *exec, int descriptor,
                   size_t *carried, struct error *error)
{
    char *id = NULL;
    *carried = 0;
    if (!exec_create(docker, exec, true, &id, error))
        return false;
    struct bridge bridge = {.exec = exec, .descriptor = descriptor, .piece = xmalloc(PIECE)};
    bridge.demux =
        (struct demux){.output = take_output, .error_output = take_error, .context = &bridge};
    bool done = exec_start(docker, id, &bridge.hijack, error) && carry(&bridge, error);
    *carried = bridge.carried;
    hijack_close(&bridge.hijack);
    text_free(&bridge.inwards);
    text_free(&bridge.outwards);
    free(bridge.piece);
    free(id);
    return done || error_wrap(error, "%s in container %s", exec->arguments[0], exec->container);
}
