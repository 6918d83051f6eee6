/* relay.c: one process that accepts, and one for each connection, which carries its bytes. They die
 * with the process that started them. */
#include "steps/server/relay.h"

#include "base/file.h"
#include "base/text.h"
#include "docker/attachment.h"
#include "docker/bridge.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define WAITING_MAX 64
#define WORDS_MAX 500

struct relay {
    pid_t process;
    char *host;
};

/* Connects standard input and output to the server, by what the container has: every official image
 * has bash, the others are for images that somebody made smaller. When one direction ends, so does
 * the other. $0 is the port.
 *
 * Nothing may be left behind that ends by a signal: the server is the container's first process, so
 * it inherits what has lost its parent, and takes such an end for the crash of a session, upon
 * which it restarts. So bash stays until both of its children are gone, and only a child that is
 * still its own is signalled. */
static const char script[] =
    "if command -v socat >/dev/null 2>&1; then exec socat - TCP:127.0.0.1:$0; "
    "elif command -v bash >/dev/null 2>&1; then exec bash -c '"
    "exec 3<>/dev/tcp/127.0.0.1/$0 4<&0 || exit 1; "
    "cat <&3 & cat <&4 >&3 & wait -n; kill $(jobs -pr) 2>/dev/null; wait' \"$0\"; "
    "elif command -v nc >/dev/null 2>&1; then exec nc 127.0.0.1 $0; "
    "else echo 'the container has neither bash nor socat nor nc' >&2; exit 127; fi";

static bool keep_words(void *context, const char *bytes, size_t length, struct error *error)
{
    struct text *words = context;
    (void)error;
    if (words->length < WORDS_MAX)
        text_append(words, bytes,
                    length < WORDS_MAX - words->length ? length : WORDS_MAX - words->length);
    return true;
}

static void add_field(struct text *packet, char type, const char *value)
{
    text_append(packet, &type, 1);
    text_append(packet, value, strlen(value) + 1);
}

/* What went wrong before the server was reached, in the server's own way of saying it, so that it
 * is read as the connection's failure. Source: PostgreSQL manual, "Message Formats",
 * ErrorResponse. */
static void refuse(int client, const char *message)
{
    struct text fields = {0}, packet = {0};
    add_field(&fields, 'S', "FATAL");
    add_field(&fields, 'C', "08006");
    add_field(&fields, 'M', message);
    text_append(&fields, "", 1);
    uint32_t length = (uint32_t)fields.length + 4;
    const char head[] = {'E', (char)(length >> 24), (char)(length >> 16), (char)(length >> 8),
                         (char)length};
    text_append(&packet, head, sizeof head);
    text_append(&packet, fields.bytes, fields.length);
    file_write_all(client, packet.bytes, packet.length);
    text_free(&fields);
    text_free(&packet);
}

static bool is_open(struct docker *docker, const struct relay_target *target, struct error *error)
{
    struct docker_container container;
    if (!target->as_client)
        return true;
    bool looked = docker_inspect(docker, target->container, &container, error);
    bool open = looked && !docker_is_cut_off(&container);
    docker_container_free(&container);
    return open || (looked && error_set(error, ERROR_SERVER, "it is on no network"));
}

static void carry(int client, const struct relay_target *target)
{
    struct error error = ERROR_INIT;
    struct text words = {0};
    size_t carried = 0;
    char *number = xprintf("%d", target->port);
    const char *const arguments[] = {"sh", "-c", script, number, NULL};
    struct docker_exec exec = {.container = target->container,
                               .arguments = arguments,
                               .write_error = keep_words,
                               .context = &words};
    struct docker *docker = docker_open(&error);
    if (docker && is_open(docker, target, &error))
        docker_bridge(docker, &exec, client, &carried, &error);
    if (!carried) {
        char *message = xprintf("no way to the server inside of container %s: %s%s",
                                target->container, text_string(&words), error.message);
        refuse(client, message);
        free(message);
    }
    docker_close(docker);
    text_free(&words);
    free(number);
}

static void die_with(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(0);
}

/* An abstract socket has no owner and no mode: who connects is asked of the kernel. */
static bool is_ours(int client)
{
    struct ucred peer = {0};
    socklen_t length = sizeof peer;
    return getsockopt(client, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 &&
           peer.uid == geteuid();
}

static void take_connection(int listener, const struct relay_target *target)
{
    int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    pid_t parent = getpid();
    if (client >= 0 && is_ours(client) && fork() == 0) {
        die_with(parent);
        close(listener);
        carry(client, target);
        _exit(0);
    }
    if (client >= 0)
        close(client);
}

static _Noreturn void serve(int listener, pid_t parent, const struct relay_target *target)
{
    die_with(parent);
    signal(SIGCHLD, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    /* The worker's pipes must not stay open in here, nor its connections. */
    if (dup2(listener, 3) == 3)
        file_close_from(4);
    for (;;)
        take_connection(3, target);
}

/* A name that nobody can take before us. */
static char *new_host(struct error *error)
{
    unsigned char bytes[16];
    struct text name = {0};
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) {
        error_errno(error, "can't get random bytes");
        return NULL;
    }
    text_add(&name, "@pgrunbook-");
    for (size_t i = 0; i < sizeof bytes; i++)
        text_printf(&name, "%02x", bytes[i]);
    return text_take(&name);
}

/* libpq asks for "HOST/.s.PGSQL.PORT". Source: PostgreSQL manual, libpq, "host". */
static bool bind_host(int listener, const char *host, int port)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char *path = xprintf("%s/.s.PGSQL.%d", host, port);
    size_t length = strlen(path);
    bool fits = length < sizeof address.sun_path;
    if (fits)
        memcpy(address.sun_path + 1, path + 1, length - 1);
    free(path);
    return fits && bind(listener, (const struct sockaddr *)&address,
                        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) == 0;
}

static bool start_process(struct relay *relay, const struct relay_target *target,
                          struct error *error)
{
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool listens = listener >= 0 && bind_host(listener, relay->host, target->port) &&
                   listen(listener, WAITING_MAX) == 0;
    pid_t parent = getpid();
    relay->process = listens ? fork() : -1;
    if (relay->process == 0)
        serve(listener, parent, target);
    if (relay->process < 0)
        error_errno(error, "can't start the relay into container %s", target->container);
    if (listener >= 0)
        close(listener);
    return relay->process > 0;
}

struct relay *relay_start(const struct relay_target *target, struct error *error)
{
    struct relay *relay = xcalloc(1, sizeof *relay);
    relay->host = new_host(error);
    if (relay->host && start_process(relay, target, error))
        return relay;
    free(relay->host);
    free(relay);
    return NULL;
}

const char *relay_host(const struct relay *relay)
{
    return relay->host;
}

void relay_end(struct relay *relay)
{
    if (!relay)
        return;
    kill(relay->process, SIGKILL);
    while (waitpid(relay->process, NULL, 0) < 0 && errno == EINTR)
        continue;
    free(relay->host);
    free(relay);
}
