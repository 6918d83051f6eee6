/* tunnel.c: an ssh process behind a socket, and what it says when it doesn't get through. */
#include "docker/tunnel.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS_MAX 1500
#define GRACE_MS 1000
#define LOOK_MS 2
#define ACCEPT_MS 10000
#define SSH_FAILED 255 /* its own failure, not the command's. Source: ssh(1), "EXIT STATUS" */
#define SSH_KILLED 126 /* what we make of a signal */
#define END_MS 5000    /* between the end of its streams and its own */
#define ATTEMPTS 8
#define PAUSE_MS 150
#define CONNECT_TIMEOUT "ConnectTimeout=15"
/* A connection that was forgotten on its way ends after a minute instead of never. */
#define ALIVE_INTERVAL "ServerAliveInterval=15"
#define ALIVE_COUNT "ServerAliveCountMax=4"
#define ARGUMENTS_MAX 24

struct tunnel {
    int socket;
    int words; /* a file in memory, so that nothing has to be read while it runs */
    pid_t process;
    bool ended;
    int status; /* of waitpid, once it has ended; 0 when nobody knows it */
};

static void close_if_open(int file)
{
    if (file >= 0)
        close(file);
}

/* Anybody on this machine may try: only the address and port of the one socket that we made get
 * through; the port alone can be had at 127.0.0.2 as well. */
static int accept_port(int listener, in_port_t port)
{
    struct pollfd entry = {.fd = listener, .events = POLLIN};
    while (poll(&entry, 1, ACCEPT_MS) > 0) {
        struct sockaddr_in peer = {0};
        socklen_t length = sizeof peer;
        int socket = accept(listener, (struct sockaddr *)&peer, &length);
        if (socket >= 0 && peer.sin_port == port && peer.sin_addr.s_addr == htonl(INADDR_LOOPBACK))
            return socket;
        close_if_open(socket);
    }
    return -1;
}

static _Noreturn void become_ssh(const char *const *arguments, pid_t parent)
{
    static const char failed[] = "can't run ssh: is it installed?\n";
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() == parent)
        execvp(arguments[0], (char *const *)(uintptr_t)arguments);
    ssize_t told = write(2, failed, sizeof failed - 1);
    _exit(told > 0 ? 127 : 126);
}

static int run_ssh(const char *const *arguments)
{
    pid_t self = getpid(), child = fork();
    int status = 0;
    if (child == 0)
        become_ssh(arguments, self);
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    return child > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : SSH_KILLED;
}

/* A server that is asked for many log-ins at once turns some away before any of them has begun
 * (sshd_config(5), MaxStartups): then nothing of ours was read yet. */
static bool turned_away(void)
{
    char said[512] = "";
    ssize_t got = pread(2, said, sizeof said - 1, 0);
    return got > 0 && strstr(said, "exchange_identification");
}

/* Its words, its socket, and nothing else of ours: a copy of a connection's other end would keep it
 * from ever ending. */
static bool take_over(int listener, in_port_t port, int words)
{
    if (dup2(words, 2) != 2 || dup2(listener, 3) != 3)
        return false;
    file_close_from(4);
    int socket = accept_port(3, port);
    bool taken = socket >= 0 && dup2(socket, 0) == 0 && dup2(socket, 1) == 1;
    file_close_from(3);
    return taken;
}

/* A process between us and ssh, which begins again where that does no harm. It stays in our process
 * group: what ends us ends it. */
static _Noreturn void carry(int listener, in_port_t port, int words, const char *const *arguments)
{
    static const int signals[] = {SIGPIPE, SIGCHLD, SIGTERM};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        signal(signals[i], SIG_DFL);
    if (!take_over(listener, port, words))
        _exit(126);
    int status = run_ssh(arguments);
    for (int again = 1; again < ATTEMPTS && status == SSH_FAILED && turned_away(); again++) {
        clock_sleep_ms(again * PAUSE_MS + getpid() % PAUSE_MS);
        if (ftruncate(2, 0) < 0)
            break;
        lseek(2, 0, SEEK_SET);
        status = run_ssh(arguments);
    }
    _exit(status);
}

/* What is on the command line wins over the user's configuration: only what must hold is there. */
static void fill_arguments(const struct docker_endpoint *endpoint, const char *port,
                           const char *arguments[ARGUMENTS_MAX])
{
    static const char *const always[] = {
        "ssh", "-T",           "-o", "BatchMode=yes", "-o", CONNECT_TIMEOUT,
        "-o",  ALIVE_INTERVAL, "-o", ALIVE_COUNT};
    static const char *const command[] = {"docker", "system", "dial-stdio"};
    size_t count = 0;
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        arguments[count++] = always[i];
    if (endpoint->user) {
        arguments[count++] = "-l";
        arguments[count++] = endpoint->user;
    }
    if (endpoint->port) {
        arguments[count++] = "-p";
        arguments[count++] = port;
    }
    arguments[count++] = "--";
    arguments[count++] = endpoint->host;
    for (size_t i = 0; i < sizeof command / sizeof *command; i++)
        arguments[count++] = command[i];
    arguments[count] = NULL;
}

/* A socket at a port that the kernel chooses; -1 on failure. */
static int open_at_loopback(struct sockaddr_in *address)
{
    socklen_t length = sizeof *address;
    int opened = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    *address =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (opened >= 0 && bind(opened, (struct sockaddr *)address, length) == 0 &&
        getsockname(opened, (struct sockaddr *)address, &length) == 0)
        return opened;
    close_if_open(opened);
    return -1;
}

static bool start(struct tunnel *tunnel, int listener, in_port_t port,
                  const struct docker_endpoint *endpoint)
{
    char digits[16];
    const char *arguments[ARGUMENTS_MAX];
    snprintf(digits, sizeof digits, "%d", endpoint->port);
    fill_arguments(endpoint, digits, arguments);
    tunnel->words = memfd_create("ssh", MFD_CLOEXEC);
    bool ready = tunnel->words >= 0 && listener >= 0 && listen(listener, 1) == 0;
    tunnel->process = ready ? fork() : -1;
    if (tunnel->process == 0)
        carry(listener, port, tunnel->words, arguments);
    return tunnel->process > 0;
}

int tunnel_open(struct tunnels *tunnels, const struct docker_endpoint *endpoint,
                struct sockaddr_in *address, struct error *error)
{
    struct tunnel tunnel = {.words = -1};
    struct sockaddr_in own;
    int listener = open_at_loopback(address);
    tunnel.socket = open_at_loopback(&own);
    bool started = tunnel.socket >= 0 && start(&tunnel, listener, own.sin_port, endpoint);
    if (!started)
        error_errno(error, "can't start ssh");
    close_if_open(listener);
    if (started) {
        tunnels->items = xrealloc(tunnels->items, (tunnels->count + 1) * sizeof *tunnels->items);
        tunnels->items[tunnels->count++] = tunnel;
        return tunnel.socket;
    }
    close_if_open(tunnel.words);
    close_if_open(tunnel.socket);
    return -1;
}

/* In a relay nobody's children are waited for: then they are simply gone. */
static bool has_ended(struct tunnel *tunnel, long within_ms)
{
    int64_t deadline = clock_monotonic_ms() + within_ms;
    while (!tunnel->ended) {
        int status = 0;
        pid_t waited = waitpid(tunnel->process, &status, WNOHANG);
        tunnel->ended = waited == tunnel->process || (waited < 0 && errno != EINTR);
        tunnel->status = waited == tunnel->process ? status : 0;
        if (!tunnel->ended && clock_monotonic_ms() >= deadline)
            return false;
        if (!tunnel->ended)
            clock_sleep_ms(LOOK_MS);
    }
    return true;
}

static void end_process(struct tunnel *tunnel)
{
    static const int signals[] = {SIGTERM, SIGKILL};
    for (size_t i = 0; i < 2 && !has_ended(tunnel, GRACE_MS); i++)
        kill(tunnel->process, signals[i]);
    while (!tunnel->ended && waitpid(tunnel->process, NULL, 0) < 0 && errno == EINTR)
        continue;
}

static size_t tunnel_of(const struct tunnels *tunnels, int socket)
{
    size_t at = 0;
    while (at < tunnels->count && tunnels->items[at].socket != socket)
        at++;
    return at;
}

bool tunnel_broke(struct tunnels *tunnels, int socket)
{
    size_t at = tunnel_of(tunnels, socket);
    if (at == tunnels->count || !has_ended(&tunnels->items[at], END_MS))
        return false;
    int status = tunnels->items[at].status;
    return !WIFEXITED(status) || WEXITSTATUS(status) == SSH_FAILED ||
           WEXITSTATUS(status) == SSH_KILLED;
}

/* Lines become sentences of one line; the frames that ssh draws around its loudest warning go. */
static char *words_in(int file)
{
    char bytes[WORDS_MAX + 1];
    struct stat status;
    off_t end = fstat(file, &status) == 0 ? status.st_size : 0;
    off_t start = end > WORDS_MAX ? end - WORDS_MAX : 0;
    ssize_t got = end > 0 ? pread(file, bytes, WORDS_MAX, start) : 0;
    struct text words = {0};
    char *rest = NULL;
    bytes[got > 0 ? got : 0] = '\0';
    for (char *line = strtok_r(bytes, "\r\n", &rest); line; line = strtok_r(NULL, "\r\n", &rest))
        if (line[strspn(line, "@ ")])
            text_printf(&words, "%s%s", words.length ? " " : "", line);
    return text_take(&words);
}

void tunnel_close(struct tunnels *tunnels, int socket)
{
    size_t at = tunnel_of(tunnels, socket);
    close(socket);
    if (at == tunnels->count)
        return;
    struct tunnel closed = tunnels->items[at];
    tunnels->items[at] = tunnels->items[--tunnels->count];
    end_process(&closed);
    free(tunnels->words);
    tunnels->words = words_in(closed.words);
    close(closed.words);
}

char *tunnel_words(const struct tunnels *tunnels)
{
    if (tunnels->count)
        return words_in(tunnels->items[tunnels->count - 1].words);
    return xstrdup(tunnels->words ? tunnels->words : "");
}

void tunnels_end(struct tunnels *tunnels)
{
    while (tunnels->count)
        tunnel_close(tunnels, tunnels->items[tunnels->count - 1].socket);
    free(tunnels->items);
    free(tunnels->words);
    *tunnels = (struct tunnels){0};
}

/* What is said, and what to do about it; the first that fits. */
static const struct {
    const char *words, *remedy;
} remedies[] = {
    {"IDENTIFICATION HAS CHANGED",
     "The host shows another key than the one on record: find out why before you accept it."},
    {"Host key verification failed",
     "See that it is the right host, and accept its key once, by hand:"},
    {"Permission denied (",
     "No key lets this user in, and ssh isn't asked for passwords: load one with ssh-add, or name "
     "it in ~/.ssh/config. It has to work by hand without a question:"},
    {"permission denied", "The user over there may not use Docker's socket: add it to the group "
                          "docker there. Then try:"},
    {"Could not resolve hostname",
     "See that DOCKER_HOST or the context names the right host. Try:"},
    {"connect to host", "No ssh server answers there: is the host up, and the port right? Try:"},
    {"not found", "The other host has no docker command in the path of ssh's sessions, or isn't "
                  "known by that name. Try:"},
    {"dial-stdio", "The docker command over there has to be 18.09 or newer. Try:"},
    {"Cannot connect to the Docker daemon", "ssh gets through, but the Docker daemon doesn't run "
                                            "over there. Try:"},
    {"", "It has to work by hand without a question:"},
};

bool tunnel_remedy(const struct docker_endpoint *endpoint, const char *words, struct error *error)
{
    size_t at = 0;
    char port[24] = "";
    while (!strstr(words, remedies[at].words))
        at++;
    if (endpoint->port)
        snprintf(port, sizeof port, "-p %d ", endpoint->port);
    return error_remedy(error, "%s ssh %s%s%s%s docker version", remedies[at].remedy, port,
                        endpoint->user ? endpoint->user : "", endpoint->user ? "@" : "",
                        endpoint->host);
}
