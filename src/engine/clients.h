/* clients.h: the engine's side of control.sock: any number of clients, each with its own buffers.
 */
#ifndef ENGINE_CLIENTS_H
#define ENGINE_CLIENTS_H

#include "base/error.h"
#include "base/text.h"

#include <cjson/cJSON.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#define CLIENTS_MAX 64

struct client {
    int socket;    /* -1: free */
    bool attached; /* gets events */
    bool watching; /* may decide nothing */
    struct text input;
    struct text output;
};

struct clients {
    int listening; /* -1: closed */
    struct client items[CLIENTS_MAX];
};

/* Makes DIRECTORY/control.sock; an old one is replaced (the caller holds the engine's lock). */
bool clients_listen(struct clients *clients, const char *directory, struct error *error);
/* Hands out what is still in the buffers (for at most a second) and closes everything. */
void clients_close(struct clients *clients, const char *directory);

size_t clients_count(const struct clients *clients);
/* Fills `polls` (room for CLIENTS_MAX + 1) and returns how many. */
size_t clients_poll(const struct clients *clients, struct pollfd *polls);
/* Reads and writes as poll() said; a complete command line goes to `on_command`, which doesn't own
 * it. */
void clients_serve(struct clients *clients, const struct pollfd *polls, size_t count,
                   void (*on_command)(void *context, struct client *client, const cJSON *command),
                   void *context);
/* Queues lines for one client, or for all that are attached. A client that doesn't read is dropped.
 */
void client_send(struct client *client, const char *lines, size_t length);
void clients_send(struct clients *clients, const char *lines, size_t length);

#endif
