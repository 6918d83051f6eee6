/* worker.c: forking, reading and ending workers. */
#include "engine/worker.h"

#include "base/clock.h"
#include "base/file.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define GRACE_MS 2000
#define MESSAGE_LIMIT ((size_t)64 << 20)
#define RUN_MARK "PGRUNBOOK_RUN"

static void child_signals(void)
{
    static const int defaults[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD};
    for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++)
        signal(defaults[i], SIG_DFL);
    signal(SIGPIPE, SIG_IGN);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void be_worker(const struct worker_pipe *pipe, pid_t engine,
                                const char *run_directory,
                                void (*body)(void *context, const struct worker_pipe *pipe),
                                void *context)
{
    setsid();
    child_signals();
    /* Locks, sockets and other clients' descriptors must not live on in a worker. */
    file_close_all_but(pipe->reports, pipe->commands);
    setenv(RUN_MARK, run_directory, 1);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == engine)
        body(context, pipe);
    _exit(0);
}

static bool make_pipes(int reports[2], int commands[2], struct error *error)
{
    if (pipe2(reports, O_CLOEXEC) < 0)
        return error_errno(error, "can't make a pipe");
    if (pipe2(commands, O_CLOEXEC) < 0) {
        error_errno(error, "can't make a pipe");
        close(reports[0]);
        close(reports[1]);
        return false;
    }
    fcntl(reports[0], F_SETFL, O_NONBLOCK);
    fcntl(commands[1], F_SETFL, O_NONBLOCK);
    return true;
}

bool worker_start(struct worker *worker, const char *run_directory,
                  void (*body)(void *context, const struct worker_pipe *pipe), void *context,
                  struct error *error)
{
    int reports[2] = {-1, -1}, commands[2] = {-1, -1};
    *worker = (struct worker){.reports = -1, .commands = -1};
    if (!make_pipes(reports, commands, error))
        return false;
    pid_t engine = getpid();
    pid_t child = fork();
    const struct worker_pipe pipe = {.reports = reports[1], .commands = commands[0]};
    if (child == 0)
        be_worker(&pipe, engine, run_directory, body, context);
    int saved = errno;
    close(reports[1]);
    close(commands[0]);
    if (child < 0) {
        close(reports[0]);
        close(commands[1]);
        errno = saved;
        return error_errno(error, "can't fork a worker");
    }
    worker->process = child;
    worker->reports = reports[0];
    worker->commands = commands[1];
    return true;
}

void worker_send(const struct worker_pipe *pipe, cJSON *message)
{
    char *json = cJSON_PrintUnformatted(message);
    cJSON_Delete(message);
    if (!json)
        _exit(1);
    size_t length = strlen(json), done = 0;
    json[length++] = '\n'; /* in the place of the terminating NUL */
    while (done < length) {
        ssize_t wrote = write(pipe->reports, json + done, length - done);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            _exit(1);
        done += (size_t)wrote;
    }
    free(json);
}

bool worker_await(const struct worker_pipe *pipe)
{
    char answer = '-';
    ssize_t got;
    do
        got = read(pipe->commands, &answer, 1);
    while (got < 0 && errno == EINTR);
    return got == 1 && answer == '+';
}

void worker_answer(const struct worker *worker, bool yes)
{
    /* A worker that has ended meanwhile needs none. */
    if (worker->process && write(worker->commands, yes ? "+" : "-", 1) != 1)
        fprintf(stderr, "pgrunbook: the step's process doesn't take its answer\n");
}

static void take_finished(struct worker *worker, const cJSON *message)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(message, "message"));
    const char *remedy = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(message, "remedy"));
    worker->finished = true;
    worker->ok = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(message, "ok"));
    worker->message = text ? xstrdup(text) : NULL;
    worker->remedy = remedy && *remedy ? xstrdup(remedy) : NULL;
}

static void take_line(struct worker *worker, const char *line, size_t length,
                      void (*on_message)(void *context, const cJSON *message), void *context)
{
    cJSON *message = cJSON_ParseWithLength(line, length);
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(message, "type"));
    if (type && !strcmp(type, "finished") && !worker->finished)
        take_finished(worker, message);
    else if (type)
        on_message(context, message);
    cJSON_Delete(message);
}

static void take_lines(struct worker *worker,
                       void (*on_message)(void *context, const cJSON *message), void *context)
{
    size_t start = 0;
    const char *end;
    while (start < worker->buffer.length &&
           (end = memchr(worker->buffer.bytes + start, '\n', worker->buffer.length - start))) {
        const char *line = worker->buffer.bytes + start;
        take_line(worker, line, (size_t)(end - line), on_message, context);
        start += (size_t)(end - line) + 1;
    }
    text_consume(&worker->buffer, start);
}

/* At most a few buffers a call, so that a talkative worker can't keep the engine from its clients.
 */
bool worker_read(struct worker *worker, void (*on_message)(void *context, const cJSON *message),
                 void *context)
{
    char buffer[65536];
    for (int i = 0; i < 16; i++) {
        ssize_t got = read(worker->reports, buffer, sizeof buffer);
        if (got < 0 && (errno == EINTR || errno == EAGAIN))
            return true;
        if (got <= 0 || worker->buffer.length > MESSAGE_LIMIT)
            return false;
        text_append(&worker->buffer, buffer, (size_t)got);
        take_lines(worker, on_message, context);
    }
    return true;
}

static void explain_silence(struct worker *worker, int status)
{
    worker->ok = false;
    free(worker->message);
    if (worker->end_reason)
        worker->message = xstrdup(worker->end_reason);
    else if (WIFSIGNALED(status))
        worker->message = xprintf("the step's process was ended by signal %d (%s)",
                                  WTERMSIG(status), strsignal(WTERMSIG(status)));
    else
        worker->message = xstrdup("the step's process ended without a result");
}

/* Whatever the worker started and left in its session goes with it. */
static void signal_session(pid_t session, int number)
{
    DIR *processes = opendir("/proc");
    const struct dirent *entry;
    while (processes && (entry = readdir(processes))) {
        if (!isdigit((unsigned char)entry->d_name[0]))
            continue;
        pid_t process = (pid_t)strtol(entry->d_name, NULL, 10);
        if (getsid(process) == session)
            kill(process, number);
    }
    if (processes)
        closedir(processes);
}

void worker_reap(struct worker *worker)
{
    int status = 0;
    pid_t waited = 0;
    if (worker->end_reason || !worker->finished)
        signal_session(worker->process, SIGKILL);
    do
        waited = waitpid(worker->process, &status, 0);
    while (waited < 0 && errno == EINTR);
    if (!worker->finished || worker->end_reason)
        explain_silence(worker, status);
    close(worker->reports);
    close(worker->commands);
    text_free(&worker->buffer);
    worker->process = 0;
    worker->reports = worker->commands = -1;
    worker->deadline_ms = worker->kill_ms = 0;
}

void worker_clear(struct worker *worker)
{
    free(worker->message);
    free(worker->remedy);
    *worker = (struct worker){.reports = -1, .commands = -1};
}

void worker_end(struct worker *worker, const char *reason)
{
    if (!worker->process || worker->kill_ms)
        return;
    worker->end_reason = reason;
    worker->kill_ms = clock_monotonic_ms() + GRACE_MS;
    signal_session(worker->process, SIGTERM);
}

void worker_tick(struct worker *worker)
{
    int64_t now = clock_monotonic_ms();
    if (!worker->process)
        return;
    if (worker->kill_ms && now >= worker->kill_ms) {
        signal_session(worker->process, SIGKILL);
        worker->kill_ms = now + GRACE_MS;
    } else if (!worker->kill_ms && worker->deadline_ms && now >= worker->deadline_ms) {
        worker_end(worker, "it took longer than its time-out");
    }
}

int64_t worker_next_ms(const struct worker *worker)
{
    if (!worker->process)
        return 0;
    return worker->kill_ms ? worker->kill_ms : worker->deadline_ms;
}

static bool is_leftover(const char *process, const char *mark)
{
    char *path = xprintf("/proc/%s/environ", process);
    struct text environment = {0};
    struct error ignored = ERROR_INIT; /* processes come and go, and others' can't be read */
    bool found = false;
    if (file_read(path, (size_t)4 << 20, &environment, &ignored))
        found = memmem(environment.bytes, environment.length, mark, strlen(mark) + 1) != NULL;
    text_free(&environment);
    free(path);
    return found;
}

static int signal_leftovers(const char *mark, int number)
{
    int count = 0;
    DIR *processes = opendir("/proc");
    const struct dirent *entry;
    while (processes && (entry = readdir(processes))) {
        pid_t process = (pid_t)strtol(entry->d_name, NULL, 10);
        if (process <= 1 || process == getpid() || !is_leftover(entry->d_name, mark))
            continue;
        count += kill(process, number) == 0;
    }
    if (processes)
        closedir(processes);
    return count;
}

int worker_end_leftovers(const char *run_directory)
{
    char *mark = xprintf("%s=%s", RUN_MARK, run_directory);
    int first = signal_leftovers(mark, SIGKILL);
    for (int i = 0; first && i < 100 && signal_leftovers(mark, SIGKILL); i++)
        clock_sleep_ms(50);
    free(mark);
    return first;
}
