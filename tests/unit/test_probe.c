/* test_probe.c: the service probe against sockets that refuse, hang, or answer like a server. */
#include "postgres/probe.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

struct seen {
    int samples, began, ended;
    bool up;
    double outage_ms;
    long failures;
    char version[32], trouble[200];
};

static void on_sample(void *context, const struct probe_sample *sample)
{
    struct seen *seen = context;
    seen->samples++;
    seen->up = sample->up;
    text_copy(seen->version, sizeof seen->version, sample->version);
    text_copy(seen->trouble, sizeof seen->trouble, sample->trouble);
}

static void on_began(void *context, const struct probe_outage *outage)
{
    struct seen *seen = context;
    assert_true(outage->ms < 0);
    seen->began++;
}

static void on_ended(void *context, const struct probe_outage *outage)
{
    struct seen *seen = context;
    seen->ended++;
    seen->outage_ms = outage->ms;
    seen->failures = outage->failures;
}

static const struct probe_events events = {on_sample, on_began, on_ended};

static int listen_on(int *port, int backlog)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                  .sin_port = htons((uint16_t)*port)};
    socklen_t size = sizeof address;
    int on = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, backlog), 0);
    getsockname(listener, (struct sockaddr *)&address, &size);
    *port = ntohs(address.sin_port);
    return listener;
}

static bool read_all(int socket, void *buffer, size_t size)
{
    char *to = buffer;
    while (size) {
        ssize_t got = read(socket, to, size);
        if (got <= 0)
            return false;
        to += got;
        size -= (size_t)got;
    }
    return true;
}

/* One message of the client's, its body dropped. Source: PostgreSQL manual, "Message Formats". */
static bool read_message(int socket, bool typed, char *type)
{
    unsigned char head[5];
    char body[4096];
    size_t skip = typed ? 1 : 0;
    if (!read_all(socket, head, skip + 4))
        return false;
    *type = typed ? (char)head[0] : 0;
    unsigned length;
    memcpy(&length, head + skip, 4);
    length = ntohl(length) - 4;
    return length <= sizeof body && read_all(socket, body, length);
}

static const char greeting[] = "R\0\0\0\10\0\0\0\0"
                               "S\0\0\0\30server_version\0"
                               "17.9\0"
                               "Z\0\0\0\5I";
static const char answer[] = "T\0\0\0\32\0\1?\0\0\0\0\0\0\0\0\0\0\27\0\4\377\377\377\377\0\0"
                             "D\0\0\0\13\0\1\0\0\0\1"
                             "1"
                             "C\0\0\0\15SELECT 1\0"
                             "Z\0\0\0\5I";

/* A server for one client that answers every statement with the same row; no password is asked. */
static void serve_client(int client)
{
    char type;
    bool first = true;
    for (;;) {
        unsigned char peek[8];
        if (first && recv(client, peek, 8, MSG_PEEK | MSG_WAITALL) == 8 && peek[4] == 4) {
            if (!read_message(client, false, &type) || write(client, "N", 1) != 1)
                break;
            continue; /* it asked for TLS */
        }
        if (!read_message(client, !first, &type) || (!first && type == 'X'))
            break;
        const char *bytes = first ? greeting : answer;
        size_t length = first ? sizeof greeting - 1 : sizeof answer - 1;
        if (write(client, bytes, length) != (ssize_t)length)
            break;
        first = false;
    }
    close(client);
}

/* A process, and one for each client, in a group of their own. */
static pid_t start_server(int listener)
{
    pid_t process = fork();
    if (process) {
        setpgid(process, process);
        close(listener);
        return process;
    }
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a failed assertion leaves nobody behind */
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int client = accept(listener, NULL, NULL);
        if (client < 0)
            _exit(1);
        if (fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            serve_client(client);
            _exit(0);
        }
        close(client);
    }
}

static void stop_server(pid_t process)
{
    kill(-process, SIGKILL);
    waitpid(process, NULL, 0);
}

static struct probe *new_probe(int port, struct seen *seen)
{
    struct pg_parameters parameters = {.host = (char *)"127.0.0.1",
                                       .port = port,
                                       .user = (char *)"postgres",
                                       .database = (char *)"postgres",
                                       .display = (char *)"test"};
    *seen = (struct seen){0};
    struct probe *probe = probe_new(&parameters, &events, seen);
    probe_set_fast(probe, true);
    return probe;
}

/* A port that nobody listens on: no outage, as it never was up. */
static void refused(void **state)
{
    (void)state;
    struct seen seen;
    int port = 0, listener = listen_on(&port, 1);
    close(listener);
    struct probe *probe = new_probe(port, &seen);
    assert_false(probe_run(probe, -1, 150));
    assert_true(seen.samples > 0);
    assert_false(seen.up);
    assert_int_equal(seen.began, 0);
    assert_non_null(strstr(seen.trouble, "refused"));
    probe_free(probe);
}

/* Docker's proxy: it accepts and says nothing. Attempts have to overlap, and end. */
static void hanging(void **state)
{
    (void)state;
    struct seen seen;
    int port = 0, listener = listen_on(&port, 128), accepted = 0, client;
    struct probe *probe = new_probe(port, &seen);
    probe_run(probe, -1, 500);
    struct pollfd entry = {.fd = listener, .events = POLLIN};
    while (poll(&entry, 1, 0) > 0 && (client = accept(listener, NULL, NULL)) >= 0) {
        accepted++;
        close(client);
    }
    assert_true(accepted > 10);
    assert_false(seen.up);
    assert_non_null(strstr(seen.trouble, "no answer in time"));
    probe_free(probe);
    close(listener);
}

static void measures_an_outage(void **state)
{
    (void)state;
    struct seen seen;
    int port = 0, listener = listen_on(&port, 128);
    pid_t server = start_server(listener);
    struct probe *probe = new_probe(port, &seen);
    probe_run(probe, -1, 300);
    assert_true(seen.up);
    assert_string_equal(seen.version, "17.9");
    assert_int_equal(seen.began, 0);
    stop_server(server);
    probe_run(probe, -1, 300);
    assert_false(seen.up);
    assert_int_equal(seen.began, 1);
    assert_int_equal(seen.ended, 0);
    server = start_server(listen_on(&port, 128));
    probe_run(probe, -1, 300);
    assert_true(seen.up);
    assert_int_equal(seen.began, 1);
    assert_int_equal(seen.ended, 1);
    assert_true(seen.outage_ms >= 250 && seen.outage_ms < 600);
    assert_true(seen.failures >= 10);
    probe_free(probe);
    stop_server(server);
}

/* A session that is ended, with the server there all the time, is no outage. */
static void lost_connection(void **state)
{
    (void)state;
    struct seen seen;
    int port = 0, listener = listen_on(&port, 128);
    int kept = dup(listener);
    pid_t server = start_server(listener);
    struct probe *probe = new_probe(port, &seen);
    probe_run(probe, -1, 200);
    assert_true(seen.up);
    pid_t other = start_server(kept);
    stop_server(server);
    probe_run(probe, -1, 300);
    assert_true(seen.up);
    assert_int_equal(seen.began, 0);
    probe_free(probe);
    stop_server(other);
}

static void stops_for_a_descriptor(void **state)
{
    (void)state;
    struct seen seen;
    int pipes[2], port = 0, listener = listen_on(&port, 1);
    close(listener);
    assert_int_equal(pipe(pipes), 0);
    assert_int_equal(write(pipes[1], "x", 1), 1);
    struct probe *probe = new_probe(port, &seen);
    assert_true(probe_run(probe, pipes[0], 5000));
    probe_free(probe);
    close(pipes[0]);
    close(pipes[1]);
}

/* Once a second, a client's question: the processor has nearly nothing to do. */
static void idles(void **state)
{
    (void)state;
    struct seen seen;
    int port = 0, listener = listen_on(&port, 128);
    pid_t server = start_server(listener);
    struct probe *probe = new_probe(port, &seen);
    probe_set_fast(probe, false);
    probe_run(probe, -1, 100);
    clock_t before = clock();
    probe_run(probe, -1, 1500);
    assert_true(clock() - before < CLOCKS_PER_SEC / 50);
    assert_true(seen.up);
    probe_free(probe);
    stop_server(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused),
        cmocka_unit_test(hanging),
        cmocka_unit_test(measures_an_outage),
        cmocka_unit_test(lost_connection),
        cmocka_unit_test(stops_for_a_descriptor),
        cmocka_unit_test(idles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
