/* exec.c: a command inside a container, with its streams pumped both ways until it ends, in turns
 * that never wait. */
#include "docker/demux.h"
#include "docker/exec_start.h"

#include "base/clock.h"
#include "base/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER_SIZE ((size_t)256 << 10)
#define RECEIVES_PER_ROUND 16 /* then sending gets its turn again */
#define EXIT_WAIT_MS 10000
#define TICK_MS 500

struct docker_running {
    struct docker_exec exec; /* its functions and how it is waited for; no texts */
    char *name;              /* "pg_dump in container limor-postgres", for errors */
    char *id;
    struct hijack hijack;
    struct demux demux;
    char *incoming; /* BUFFER_SIZE each */
    char *outgoing;
    size_t outgoing_start, outgoing_end;
    bool input_open;   /* more may come from exec.read */
    bool sending;      /* the input's end hasn't been sent yet */
    bool more;         /* there may be more to receive at once */
    bool ended;        /* the command's output came to its end */
    int64_t active_ms; /* monotonic: when something last came or went */
    int64_t tick_ms;
};

/* Refills the buffer from the caller; at its end the command's standard input is closed. */
static bool fill_outgoing(struct docker_running *running, struct error *error)
{
    const struct docker_exec *exec = &running->exec;
    if (!running->sending || running->outgoing_start < running->outgoing_end)
        return true;
    running->outgoing_start = running->outgoing_end = 0;
    if (running->input_open) {
        long got = exec->read(exec->context, running->outgoing, BUFFER_SIZE, error);
        if (got < 0 || (size_t)got > BUFFER_SIZE)
            return false;
        running->outgoing_end = (size_t)got;
        running->input_open = got > 0;
    }
    if (!running->input_open)
        running->sending = !hijack_end_input(&running->hijack);
    return true;
}

static void was_active(struct docker_running *running)
{
    running->active_ms = clock_monotonic_ms();
}

/* A command that ends early reads no more: what it then says matters, not that sending failed. */
static void send_some(struct docker_running *running)
{
    size_t count = 0;
    if (running->outgoing_start == running->outgoing_end)
        return;
    if (!hijack_send(&running->hijack, running->outgoing + running->outgoing_start,
                     running->outgoing_end - running->outgoing_start, &count))
        running->sending = false;
    running->outgoing_start += count;
    if (count)
        was_active(running);
}

static bool receive_some(struct docker_running *running, struct error *error)
{
    running->more = true;
    for (int i = 0; i < RECEIVES_PER_ROUND && !running->ended; i++) {
        size_t count = 0;
        if (!hijack_receive(&running->hijack, running->incoming, BUFFER_SIZE, &count,
                            &running->ended, error) ||
            !demux_feed(&running->demux, running->incoming, count, error))
            return false;
        running->more = count > 0;
        if (count == 0)
            return true;
        was_active(running);
    }
    return true;
}

static long tick_ms(const struct docker_running *running)
{
    return running->exec.tick_ms ? running->exec.tick_ms : TICK_MS;
}

/* How long to wait for the sockets: until silence is too long, or the next tick. */
static int patience(const struct docker_running *running)
{
    long wait = running->exec.timeout_ms;
    if (wait)
        wait -= (long)(clock_monotonic_ms() - running->active_ms);
    if (running->exec.tick && (!running->exec.timeout_ms || wait > tick_ms(running)))
        return (int)tick_ms(running);
    if (!running->exec.timeout_ms)
        return -1;
    return wait > 0 ? (int)wait : 0;
}

static bool tick(struct docker_running *running, struct error *error)
{
    int64_t now = clock_monotonic_ms();
    if (!running->exec.tick || now - running->tick_ms < tick_ms(running))
        return true;
    running->tick_ms = now;
    return running->exec.tick(running->exec.context, error);
}

static bool too_silent(const struct docker_running *running, struct error *error)
{
    long silence = running->exec.timeout_ms;
    if (!silence || clock_monotonic_ms() - running->active_ms < silence)
        return false;
    error_set(error, ERROR_OTHER, "nothing came or went for %ld s", silence / 1000);
    return true;
}

static bool check_end(struct docker_running *running, struct error *error)
{
    return (demux_is_whole(&running->demux) && !hijack_broke(&running->hijack)) ||
           docker_broke_off(running->hijack.docker, error);
}

static bool turn(struct docker_running *running, struct error *error)
{
    if (!fill_outgoing(running, error) || !tick(running, error))
        return false;
    if (running->sending)
        send_some(running);
    if (!receive_some(running, error))
        return false;
    return running->ended ? check_end(running, error) : !too_silent(running, error);
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
static bool was_cut(const struct docker_running *running, int exit_status)
{
    return exit_status == 0 && running->exec.reads_all && running->exec.read &&
           (running->input_open || running->outgoing_start < running->outgoing_end);
}

static bool connect_streams(struct docker *docker, struct docker_running *running,
                            struct error *error)
{
    return exec_start(docker, running->id, &running->hijack, error) &&
           demux_feed(&running->demux, running->hijack.rest.bytes, running->hijack.rest.length,
                      error);
}

struct docker_running *docker_exec_begin(struct docker *docker, const struct docker_exec *exec,
                                         struct error *error)
{
    char *id = NULL;
    if (!exec_create(docker, exec, exec->read != NULL, &id, error))
        return NULL;
    struct docker_running *running = xcalloc(1, sizeof *running);
    *running = (struct docker_running){
        .exec = *exec,
        .name = xprintf("%s in container %s", exec->arguments[0], exec->container),
        .id = id,
        .demux = {.output = exec->write,
                  .error_output = exec->write_error,
                  .context = exec->context},
        .incoming = xmalloc(BUFFER_SIZE),
        .outgoing = exec->read ? xmalloc(BUFFER_SIZE) : NULL,
        .input_open = exec->read != NULL,
        .sending = exec->read != NULL,
        .more = true,
        .active_ms = clock_monotonic_ms(),
    };
    if (connect_streams(docker, running, error))
        return running;
    error_wrap(error, "%s", running->name);
    docker_exec_abandon(running);
    return NULL;
}

int docker_exec_waits_for(const struct docker_running *running, struct pollfd *entry)
{
    *entry = (struct pollfd){.fd = running->hijack.socket,
                             .events = (short)(running->sending ? POLLIN | POLLOUT : POLLIN)};
    return running->more || running->ended ? 0 : patience(running);
}

bool docker_exec_turn(struct docker_running *running, bool *ended, struct error *error)
{
    bool well = running->ended || turn(running, error) || error_wrap(error, "%s", running->name);
    *ended = running->ended;
    return well;
}

void docker_exec_abandon(struct docker_running *running)
{
    if (!running)
        return;
    hijack_close(&running->hijack);
    free(running->incoming);
    free(running->outgoing);
    free(running->name);
    free(running->id);
    free(running);
}

bool docker_exec_end(struct docker_running *running, int *exit_status, struct error *error)
{
    struct docker *docker = running->hijack.docker;
    *exit_status = -1;
    hijack_close(&running->hijack);
    bool known = (wait_exit(docker, running->id, exit_status, error) &&
                  (!was_cut(running, *exit_status) || docker_broke_off(docker, error))) ||
                 error_wrap(error, "%s", running->name);
    docker_exec_abandon(running);
    return known;
}

static bool wait_for(const struct docker_running *running, struct error *error)
{
    struct pollfd entry;
    int milliseconds = docker_exec_waits_for(running, &entry);
    return poll(&entry, 1, milliseconds) >= 0 || errno == EINTR ||
           error_errno(error, "waiting for %s", running->name);
}

bool docker_exec_run(struct docker *docker, const struct docker_exec *exec, int *exit_status,
                     struct error *error)
{
    struct docker_running *running = docker_exec_begin(docker, exec, error);
    bool ended = false, well = running != NULL;
    *exit_status = -1;
    while (well && !ended)
        well = wait_for(running, error) && docker_exec_turn(running, &ended, error);
    if (well)
        return docker_exec_end(running, exit_status, error);
    docker_exec_abandon(running);
    return false;
}
