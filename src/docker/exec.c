/* exec.c: a command inside a container, with its streams pumped both ways until it ends. */
#include "docker/demux.h"
#include "docker/exec_start.h"

#include "base/clock.h"
#include "base/json.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER_SIZE ((size_t)256 << 10)
#define RECEIVES_PER_ROUND 16 /* then sending gets its turn again */
#define EXIT_WAIT_MS 10000
#define TICK_MS 500
#define COLLECT_MAX ((size_t)1 << 20)
#define COLLECT_SILENCE_MS 60000L

struct exchange {
    const struct docker_exec *exec;
    struct hijack hijack;
    struct demux demux;
    char *incoming; /* BUFFER_SIZE each */
    char *outgoing;
    size_t outgoing_start, outgoing_end;
    bool input_open;   /* more may come from exec->read */
    bool sending;      /* the input's end hasn't been sent yet */
    bool ended;        /* the command's output came to its end */
    int64_t active_ms; /* monotonic: when something last came or went */
    int64_t tick_ms;
};

/* Refills the buffer from the caller; at its end the command's standard input is closed. */
static bool fill_outgoing(struct exchange *exchange, struct error *error)
{
    if (!exchange->sending || exchange->outgoing_start < exchange->outgoing_end)
        return true;
    exchange->outgoing_start = exchange->outgoing_end = 0;
    if (exchange->input_open) {
        long got =
            exchange->exec->read(exchange->exec->context, exchange->outgoing, BUFFER_SIZE, error);
        if (got < 0 || (size_t)got > BUFFER_SIZE)
            return false;
        exchange->outgoing_end = (size_t)got;
        exchange->input_open = got > 0;
    }
    if (!exchange->input_open)
        exchange->sending = !hijack_end_input(&exchange->hijack);
    return true;
}

/* A command that ends early reads no more: what it then says matters, not that sending failed. */
static void send_some(struct exchange *exchange)
{
    size_t count = 0;
    if (exchange->outgoing_start == exchange->outgoing_end)
        return;
    if (!hijack_send(&exchange->hijack, exchange->outgoing + exchange->outgoing_start,
                     exchange->outgoing_end - exchange->outgoing_start, &count))
        exchange->sending = false;
    exchange->outgoing_start += count;
}

/* Returns with *more when there may be more to receive at once. */
static bool receive_some(struct exchange *exchange, bool *more, struct error *error)
{
    for (int i = 0; i < RECEIVES_PER_ROUND && !exchange->ended; i++) {
        size_t count = 0;
        if (!hijack_receive(&exchange->hijack, exchange->incoming, BUFFER_SIZE, &count,
                            &exchange->ended, error) ||
            !demux_feed(&exchange->demux, exchange->incoming, count, error))
            return false;
        if (count == 0) {
            *more = false;
            return true;
        }
    }
    *more = true;
    return true;
}

static long tick_ms(const struct exchange *exchange)
{
    return exchange->exec->tick_ms ? exchange->exec->tick_ms : TICK_MS;
}

/* How long to wait for the sockets: until silence is too long, or the next tick. */
static int patience(const struct exchange *exchange)
{
    long wait = exchange->exec->timeout_ms;
    if (wait)
        wait -= (long)(clock_monotonic_ms() - exchange->active_ms);
    if (exchange->exec->tick && (!exchange->exec->timeout_ms || wait > tick_ms(exchange)))
        return (int)tick_ms(exchange);
    if (!exchange->exec->timeout_ms)
        return -1;
    return wait > 0 ? (int)wait : 0;
}

static bool tick(struct exchange *exchange, struct error *error)
{
    int64_t now = clock_monotonic_ms();
    if (!exchange->exec->tick || now - exchange->tick_ms < tick_ms(exchange))
        return true;
    exchange->tick_ms = now;
    return exchange->exec->tick(exchange->exec->context, error);
}

static bool too_silent(const struct exchange *exchange, struct error *error)
{
    long silence = exchange->exec->timeout_ms;
    if (!silence || clock_monotonic_ms() - exchange->active_ms < silence)
        return false;
    error_set(error, ERROR_OTHER, "nothing came or went for %ld s", silence / 1000);
    return true;
}

static bool pump_once(struct exchange *exchange, bool *more, struct error *error)
{
    if (!fill_outgoing(exchange, error) || !tick(exchange, error))
        return false;
    struct pollfd entry = {.fd = exchange->hijack.socket,
                           .events = (short)(exchange->sending ? POLLIN | POLLOUT : POLLIN)};
    int count = poll(&entry, 1, *more ? 0 : patience(exchange));
    if (count < 0 && errno != EINTR)
        return error_errno(error, "waiting for the command");
    if (count > 0 || *more)
        exchange->active_ms = clock_monotonic_ms();
    else if (count == 0 && too_silent(exchange, error))
        return false;
    if (count > 0 && entry.revents & POLLOUT && exchange->sending)
        send_some(exchange);
    return receive_some(exchange, more, error);
}

static bool check_end(struct exchange *exchange, struct error *error)
{
    return (demux_is_whole(&exchange->demux) && !hijack_broke(&exchange->hijack)) ||
           docker_broke_off(exchange->hijack.docker, error);
}

static bool pump(struct exchange *exchange, struct error *error)
{
    bool more = true;
    if (!demux_feed(&exchange->demux, exchange->hijack.rest.bytes, exchange->hijack.rest.length,
                    error))
        return false;
    while (!exchange->ended)
        if (!pump_once(exchange, &more, error))
            return false;
    return check_end(exchange, error);
}

/* The engine closes the streams a moment before it knows the exit status. */
static bool wait_exit(struct docker *docker, const char *id, int *exit_status, struct error *error)
{
    int64_t deadline = clock_monotonic_ms() + EXIT_WAIT_MS;
    char *path = xprintf("/exec/%s/json", id);
    bool running = true, asked = true;
    while (running && asked && clock_monotonic_ms() < deadline) {
        int status = 0;
        cJSON *answer = NULL;
        asked = docker_call(docker, "GET", path, NULL, 0, &status, &answer, error) &&
                docker_accepted(status, answer, error, "asking for the command's exit status");
        if (!asked)
            break;
        const cJSON *code = json_at(answer, "ExitCode");
        running = json_true_at(answer, "Running") || !cJSON_IsNumber(code);
        *exit_status = running ? -1 : code->valueint;
        cJSON_Delete(answer);
        if (running)
            clock_sleep_ms(20);
    }
    free(path);
    if (asked && running)
        return error_set(error, ERROR_OTHER, "the command closed its output but doesn't end");
    return asked;
}

/* False for a command that has failed: that matters more. */
static bool was_cut(const struct exchange *exchange, int exit_status)
{
    return exit_status == 0 && exchange->exec->reads_all && exchange->exec->read &&
           (exchange->input_open || exchange->outgoing_start < exchange->outgoing_end);
}

bool docker_exec_run(struct docker *docker, const struct docker_exec *exec, int *exit_status,
                     struct error *error)
{
    char *id = NULL;
    *exit_status = -1;
    if (!exec_create(docker, exec, exec->read != NULL, &id, error))
        return false;
    struct exchange exchange = {
        .exec = exec,
        .demux = {.output = exec->write,
                  .error_output = exec->write_error,
                  .context = exec->context},
        .incoming = xmalloc(BUFFER_SIZE),
        .outgoing = exec->read ? xmalloc(BUFFER_SIZE) : NULL,
        .input_open = exec->read != NULL,
        .sending = exec->read != NULL,
        .active_ms = clock_monotonic_ms(),
    };
    bool done = exec_start(docker, id, &exchange.hijack, error) && pump(&exchange, error);
    hijack_close(&exchange.hijack);
    free(exchange.incoming);
    free(exchange.outgoing);
    done = done && wait_exit(docker, id, exit_status, error) &&
           (!was_cut(&exchange, *exit_status) || docker_broke_off(docker, error));
    free(id);
    return done || error_wrap(error, "%s in container %s", exec->arguments[0], exec->container);
}

struct collection {
    struct text *output, *error_output;
};

static void collect(struct text *text, const char *bytes, size_t length)
{
    size_t room = !text || text->length >= COLLECT_MAX ? 0 : COLLECT_MAX - text->length;
    if (room)
        text_append(text, bytes, length < room ? length : room);
}

static bool collect_output(void *context, const char *bytes, size_t length, struct error *error)
{
    (void)error;
    collect(((struct collection *)context)->output, bytes, length);
    return true;
}

static bool collect_error(void *context, const char *bytes, size_t length, struct error *error)
{
    (void)error;
    collect(((struct collection *)context)->error_output, bytes, length);
    return true;
}

bool docker_exec_collect(struct docker *docker, const char *container, const char *const *arguments,
                         struct text *output, struct text *error_output, int *exit_status,
                         struct error *error)
{
    struct collection collection = {output, error_output};
    struct docker_exec exec = {
        .container = container,
        .arguments = arguments,
        .write = collect_output,
        .write_error = collect_error,
        .context = &collection,
        .timeout_ms = COLLECT_SILENCE_MS,
    };
    return docker_exec_run(docker, &exec, exit_status, error);
}
