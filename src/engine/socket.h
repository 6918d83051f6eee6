/* socket.h: DIRECTORY/control.sock, at paths of any length. */
#ifndef ENGINE_SOCKET_H
#define ENGINE_SOCKET_H

#include "base/error.h"

/* A socket's address holds 107 bytes, a run's path may be longer: both go through /proc/self/fd.
 * The descriptors are the caller's; -1 with `error`. */
int control_socket_listen(const char *directory, struct error *error);
int control_socket_connect(const char *directory, struct error *error);
void control_socket_remove(const char *directory);

#endif
