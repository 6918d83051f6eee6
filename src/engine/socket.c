/* socket.c: binding and connecting the control socket by its directory's descriptor. */
#include "engine/socket.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int open_directory(const char *directory, struct sockaddr_un *address, struct error *error)
{
    int file = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (file < 0) {
        error_errno(error, "can't open %s", directory);
        return -1;
    }
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/control.sock", file);
    return file;
}

int control_socket_listen(const char *directory, struct error *error)
{
    struct sockaddr_un address;
    int file = open_directory(directory, &address, error);
    if (file < 0)
        return -1;
    unlinkat(file, "control.sock", 0);
    int listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mode_t previous = umask(0177);
    bool bound = listening >= 0 &&
                 bind(listening, (const struct sockaddr *)&address, sizeof address) == 0 &&
                 listen(listening, 16) == 0;
    int saved = errno;
    umask(previous);
    close(file);
    if (bound)
        return listening;
    if (listening >= 0)
        close(listening);
    errno = saved;
    error_errno(error, "can't make the control socket in %s", directory);
    return -1;
}

int control_socket_connect(const char *directory, struct error *error)
{
    struct sockaddr_un address;
    int file = open_directory(directory, &address, error);
    if (file < 0)
        return -1;
    int connected = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool done = connected >= 0 &&
                connect(connected, (const struct sockaddr *)&address, sizeof address) == 0;
    int saved = errno;
    close(file);
    if (done)
        return connected;
    if (connected >= 0)
        close(connected);
    errno = saved;
    error_errno(error, "can't reach the engine of the run in %s", directory);
    return -1;
}

void control_socket_remove(const char *directory)
{
    char *path = xprintf("%s/control.sock", directory);
    unlink(path);
    free(path);
}
