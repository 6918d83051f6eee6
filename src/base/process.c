/* process.c: an external program in a process group of its own, watched with poll(). */
#include "base/process.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEFAULT_LIMIT ((size_t)1 << 20)
#define LINE_MAX_BYTES ((size_t)1 << 16)

struct stream {
    int descriptor; /* -1 once closed */
    struct text *kept;
    struct text line; /* what came since the last end of line */
    bool is_error;
};

struct running {
    const struct process_request *request;
    pid_t child;
    int input; /* -1 once all is written */
    size_t input_done;
    struct stream streams[2];
    size_t limit;
};

static void child_environment(const char *const *environment)
{
    for (; environment && *environment; environment++) {
        const char *equals = strchr(*environment, '=');
        if (!equals)
            continue;
        char *name = xstrndup(*environment, (size_t)(equals - *environment));
        setenv(name, equals + 1, 1);
        free(name);
    }
}

/* Between fork and exec; what goes wrong is told through `report`, which closes itself by exec. */
static _Noreturn void become(const struct process_request *request, const int ends[3], int report)
{
    setpgid(0, 0);
    bool ready = dup2(ends[0], 0) >= 0 && dup2(ends[1], 1) >= 0 && dup2(ends[2], 2) >= 0;
    signal(SIGPIPE, SIG_DFL);
    if (ready && (!request->directory || chdir(request->directory) == 0)) {
        child_environment(request->environment);
        execvp(request->arguments[0], (char *const *)(uintptr_t)request->arguments);
    }
    int number = errno;
    ssize_t told = write(report, &number, sizeof number);
    _exit(told == sizeof number ? 127 : 126);
}

static void close_all(int descriptors[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (descriptors[i] >= 0)
            close(descriptors[i]);
        descriptors[i] = -1;
    }
}

/* Pairs: 0 input, 1 output, 2 error output, 3 the report of exec; [2*i] is the reading end. */
static bool make_pipes(int pipes[8], struct error *error)
{
    for (size_t i = 0; i < 8; i++)
        pipes[i] = -1;
    for (size_t i = 0; i < 4; i++) {
        if (pipe2(pipes + 2 * i, O_CLOEXEC) < 0) {
            error_errno(error, "can't make a pipe");
            close_all(pipes, 8);
            return false;
        }
    }
    return true;
}

static bool exec_failed(int report, int *number)
{
    ssize_t got;
    do
        got = read(report, number, sizeof *number);
    while (got < 0 && errno == EINTR);
    return got == sizeof *number;
}

static bool start(struct running *running, struct error *error)
{
    int pipes[8], number = 0;
    if (!make_pipes(pipes, error))
        return false;
    running->child = fork();
    if (running->child < 0) {
        error_errno(error, "can't fork");
        close_all(pipes, 8);
        return false;
    }
    const int ends[3] = {pipes[0], pipes[3], pipes[5]};
    if (running->child == 0)
        become(running->request, ends, pipes[7]);
    setpgid(running->child, running->child);
    int child_ends[] = {pipes[0], pipes[3], pipes[5], pipes[7]};
    close_all(child_ends, 4);
    bool failed = exec_failed(pipes[6], &number);
    close(pipes[6]);
    running->input = pipes[1];
    running->streams[0].descriptor = pipes[2];
    running->streams[1].descriptor = pipes[4];
    if (!failed)
        return true;
    int ours[] = {pipes[1], pipes[2], pipes[4]};
    close_all(ours, 3);
    waitpid(running->child, NULL, 0);
    errno = number;
    return error_errno(error, "can't run %s", running->request->arguments[0]);
}

static void give_lines(struct running *running, struct stream *stream, bool at_end)
{
    char *end;
    while (stream->line.length && ((end = memchr(stream->line.bytes, '\n', stream->line.length)) ||
                                   at_end || stream->line.length > LINE_MAX_BYTES)) {
        size_t length = end ? (size_t)(end - stream->line.bytes) : stream->line.length;
        char *line = xstrndup(stream->line.bytes, length);
        size_t used = strlen(line);
        if (used && line[used - 1] == '\r')
            line[used - 1] = '\0';
        running->request->on_line(running->request->context, line, stream->is_error);
        free(line);
        text_consume(&stream->line, end ? length + 1 : length);
    }
}

static void take_output(struct running *running, struct stream *stream)
{
    char buffer[16384];
    ssize_t got = read(stream->descriptor, buffer, sizeof buffer);
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (got <= 0) {
        close(stream->descriptor);
        stream->descriptor = -1;
        got = 0;
    }
    size_t room = running->limit - stream->kept->length;
    text_append(stream->kept, buffer, (size_t)got < room ? (size_t)got : room);
    if (!running->request->on_line)
        return;
    text_append(&stream->line, buffer, (size_t)got);
    give_lines(running, stream, got == 0);
}

static void give_input(struct running *running)
{
    const char *input = running->request->input ? running->request->input : "";
    size_t left = strlen(input) - running->input_done;
    ssize_t wrote = left ? write(running->input, input + running->input_done, left) : 0;
    if (wrote < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (wrote > 0)
        running->input_done += (size_t)wrote;
    if (wrote <= 0 || running->input_done == strlen(input)) {
        close(running->input);
        running->input = -1;
    }
}

static bool pump_once(struct running *running, int wait_ms)
{
    struct pollfd polls[3] = {
        {.fd = running->streams[0].descriptor, .events = POLLIN},
        {.fd = running->streams[1].descriptor, .events = POLLIN},
        {.fd = running->input, .events = POLLOUT},
    };
    if (poll(polls, 3, wait_ms) <= 0)
        return false;
    for (size_t i = 0; i < 2; i++)
        if (polls[i].revents)
            take_output(running, &running->streams[i]);
    if (polls[2].revents)
        give_input(running);
    return true;
}

static bool ended(struct running *running, int *status)
{
    pid_t waited;
    do
        waited = waitpid(running->child, status, WNOHANG);
    while (waited < 0 && errno == EINTR);
    return waited == running->child;
}

/* A grandchild may keep the pipes open for ever, so the child's own end decides, and what is still
 * in the pipes then is read without waiting. */
static int watch(struct running *running, bool *timed_out)
{
    int64_t deadline = clock_monotonic_ms() + running->request->timeout_ms;
    int status = 0;
    bool open = true;
    while (!ended(running, &status)) {
        open = running->streams[0].descriptor >= 0 || running->streams[1].descriptor >= 0;
        if (running->request->timeout_ms && !*timed_out && clock_monotonic_ms() > deadline) {
            *timed_out = true;
            kill(-running->child, SIGKILL);
        }
        pump_once(running, open ? 20 : 5);
    }
    while ((running->streams[0].descriptor >= 0 || running->streams[1].descriptor >= 0) &&
           pump_once(running, 0))
        continue;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

bool process_run(const struct process_request *request, struct process_result *result,
                 struct error *error)
{
    *result = (struct process_result){0};
    struct running running = {
        .request = request,
        .limit = request->output_limit ? request->output_limit : DEFAULT_LIMIT,
        .streams = {{.descriptor = -1, .kept = &result->output},
                    {.descriptor = -1, .kept = &result->error_output, .is_error = true}},
    };
    void (*previous)(int) = signal(SIGPIPE, SIG_IGN);
    bool started = start(&running, error);
    if (started)
        result->exit_status = watch(&running, &result->timed_out);
    for (size_t i = 0; i < 2; i++) {
        if (request->on_line)
            give_lines(&running, &running.streams[i], true);
        if (started && running.streams[i].descriptor >= 0)
            close(running.streams[i].descriptor);
        text_free(&running.streams[i].line);
    }
    if (started && running.input >= 0)
        close(running.input);
    signal(SIGPIPE, previous);
    return started;
}

void process_result_free(struct process_result *result)
{
    text_free(&result->output);
    text_free(&result->error_output);
}

static const char *last_line(const struct text *text, char *buffer, size_t size)
{
    const char *start = text_string(text), *end = start + strlen(start);
    while (end > start && (end[-1] == '\n' || end[-1] == '\r' || end[-1] == ' '))
        end--;
    const char *line = end;
    while (line > start && line[-1] != '\n')
        line--;
    char *copy = xstrndup(line, (size_t)(end - line));
    text_copy(buffer, size, copy);
    free(copy);
    return buffer;
}

const char *process_last_words(const struct process_result *result, char *buffer, size_t size)
{
    last_line(&result->error_output, buffer, size);
    return buffer[0] ? buffer : last_line(&result->output, buffer, size);
}
