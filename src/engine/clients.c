/* clients.c: accepting, reading and writing clients without ever blocking. */
#include "engine/clients.h"

#include "engine/socket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define COMMAND_LIMIT 65536
#define OUTPUT_LIMIT ((size_t)256 << 20) /* a client this far behind doesn't read at all */

bool clients_listen(struct clients *clients, const char *directory, struct error *error)
{
    for (size_t i = 0; i < CLIENTS_MAX; i++)
        clients->items[i] = (struct client){.socket = -1};
    clients->listening = control_socket_listen(directory, error);
    return clients->listening >= 0;
}

static void drop(struct client *client)
{
    if (client->socket >= 0)
        close(client->socket);
    text_free(&client->input);
    text_free(&client->output);
    *client = (struct client){.socket = -1};
}

static void accept_client(struct clients *clients)
{
    int socket = accept4(clients->listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (socket < 0)
        return;
    bool ours = getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
                (peer.uid == geteuid() || peer.uid == 0);
    for (size_t i = 0; ours && i < CLIENTS_MAX; i++) {
        if (clients->items[i].socket >= 0)
            continue;
        clients->items[i] = (struct client){.socket = socket};
        return;
    }
    close(socket);
}

static void write_client(struct client *client)
{
    ssize_t wrote = send(client->socket, client->output.bytes, client->output.length, MSG_NOSIGNAL);
    if (wrote > 0)
        text_consume(&client->output, (size_t)wrote);
    else if (wrote < 0 && errno != EAGAIN && errno != EINTR)
        drop(client);
}

static void read_client(struct client *client,
                        void (*on_command)(void *context, struct client *client,
                                           const cJSON *command),
                        void *context)
{
    char buffer[4096];
    ssize_t got = recv(client->socket, buffer, sizeof buffer, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0 || client->input.length > COMMAND_LIMIT) {
        drop(client);
        return;
    }
    text_append(&client->input, buffer, (size_t)got);
    const char *end;
    while (client->socket >= 0 && client->input.length &&
           (end = memchr(client->input.bytes, '\n', client->input.length))) {
        size_t length = (size_t)(end - client->input.bytes);
        cJSON *command = cJSON_ParseWithLength(client->input.bytes, length);
        text_consume(&client->input, length + 1);
        if (cJSON_IsObject(command))
            on_command(context, client, command);
        cJSON_Delete(command);
    }
}

size_t clients_count(const struct clients *clients)
{
    size_t count = 0;
    for (size_t i = 0; i < CLIENTS_MAX; i++)
        count += clients->items[i].socket >= 0;
    return count;
}

size_t clients_poll(const struct clients *clients, struct pollfd *polls)
{
    size_t count = 0;
    polls[count++] = (struct pollfd){.fd = clients->listening, .events = POLLIN};
    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        const struct client *client = &clients->items[i];
        if (client->socket < 0)
            continue;
        short events = client->output.length ? POLLIN | POLLOUT : POLLIN;
        polls[count++] = (struct pollfd){.fd = client->socket, .events = events};
    }
    return count;
}

static struct client *client_by_socket(struct clients *clients, int socket)
{
    for (size_t i = 0; i < CLIENTS_MAX; i++)
        if (clients->items[i].socket == socket)
            return &clients->items[i];
    return NULL;
}

void clients_serve(struct clients *clients, const struct pollfd *polls, size_t count,
                   void (*on_command)(void *context, struct client *client, const cJSON *command),
                   void *context)
{
    for (size_t i = 1; i < count; i++) {
        struct client *client = polls[i].revents ? client_by_socket(clients, polls[i].fd) : NULL;
        if (client && (polls[i].revents & POLLOUT))
            write_client(client);
        if (client && client->socket >= 0 && (polls[i].revents & ~POLLOUT))
            read_client(client, on_command, context);
    }
    if (count && polls[0].revents)
        accept_client(clients);
}

void client_send(struct client *client, const char *lines, size_t length)
{
    if (client->socket < 0)
        return;
    text_append(&client->output, lines, length);
    if (client->output.length > OUTPUT_LIMIT)
        drop(client);
}

void clients_send(struct clients *clients, const char *lines, size_t length)
{
    for (size_t i = 0; i < CLIENTS_MAX; i++)
        if (clients->items[i].attached)
            client_send(&clients->items[i], lines, length);
}

void clients_close(struct clients *clients, const char *directory)
{
    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        struct client *client = &clients->items[i];
        for (int tries = 0; client->socket >= 0 && client->output.length && tries < 20; tries++) {
            struct pollfd ready = {.fd = client->socket, .events = POLLOUT};
            if (poll(&ready, 1, 50) > 0)
                write_client(client);
        }
        drop(client);
    }
    if (clients->listening >= 0)
        close(clients->listening);
    clients->listening = -1;
    control_socket_remove(directory);
}
