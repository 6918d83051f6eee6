/* load_process.c: fork, and the two pipes to and from the process. */
#include "steps/restore/load_process.h"

#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct load_process {
    pid_t id;
    int commands, reports;         /* towards the process, and from it; -1 closed */
    struct text pending, incoming; /* what couldn't be sent yet; the line that isn't complete */
    void (*heard)(void *context, cJSON *message);
    void *context;
};

/* The engine's pipe, the backup's connections and the other processes' pipes are nothing for it. */
static _Noreturn void be_loader(const struct load_dump_setting *setting, const int files[2],
                                pid_t parent)
{
    struct load_dump_setting dump = *setting;
    int commands = fcntl(files[0], F_DUPFD_CLOEXEC, 5),
        reports = fcntl(files[1], F_DUPFD_CLOEXEC, 5);
    dump.commands = 3;
    dump.reports = 4;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == parent && dup2(commands, 3) == 3 && dup2(reports, 4) == 4) {
        file_close_from(5);
        load_dump(&dump);
    }
    _exit(0);
}

static void close_file(int *file)
{
    if (*file >= 0)
        close(*file);
    *file = -1;
}

struct load_process *load_process_start(const struct load_dump_setting *setting,
                                        void (*heard)(void *context, cJSON *message), void *context,
                                        struct error *error)
{
    struct load_process *process = xcalloc(1, sizeof *process);
    int commands[2] = {-1, -1}, reports[2] = {-1, -1};
    pid_t parent = getpid();
    *process = (struct load_process){.id = -1, .heard = heard, .context = context};
    if (pipe2(commands, O_CLOEXEC) == 0 && pipe2(reports, O_CLOEXEC) == 0)
        process->id = fork();
    if (process->id == 0)
        be_loader(setting, (const int[]){commands[0], reports[1]}, parent);
    if (process->id < 0)
        error_errno(error, "can't start a process that loads");
    close_file(&commands[0]);
    close_file(&reports[1]);
    process->commands = commands[1];
    process->reports = reports[0];
    if (process->id < 0) {
        load_process_end(process);
        return NULL;
    }
    fcntl(process->commands, F_SETFL, O_NONBLOCK);
    fcntl(process->reports, F_SETFL, O_NONBLOCK);
    return process;
}

static void send_pending(struct load_process *process)
{
    while (process->commands >= 0 && process->pending.length) {
        ssize_t sent = write(process->commands, process->pending.bytes, process->pending.length);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno != EAGAIN)
            close_file(&process->commands); /* it has ended, and said why */
        if (sent < 0)
            return;
        text_consume(&process->pending, (size_t)sent);
    }
}

void load_process_tell(struct load_process *process, cJSON *message)
{
    char *line = cJSON_PrintUnformatted(message);
    if (process->commands >= 0)
        text_printf(&process->pending, "%s\n", line);
    send_pending(process);
    cJSON_free(line);
    cJSON_Delete(message);
}

void load_process_leave(struct load_process *process)
{
    close_file(&process->commands);
}

static void take_lines(struct load_process *process)
{
    const char *end;
    while ((end = memchr(text_string(&process->incoming), '\n', process->incoming.length))) {
        size_t length = (size_t)(end - process->incoming.bytes);
        cJSON *message = cJSON_ParseWithLength(process->incoming.bytes, length);
        text_consume(&process->incoming, length + 1);
        if (message)
            process->heard(process->context, message);
    }
}

/* False once the process has closed its end. */
static bool receive(struct load_process *process)
{
    char piece[4096];
    for (;;) {
        ssize_t got = read(process->reports, piece, sizeof piece);
        if (got > 0)
            text_append(&process->incoming, piece, (size_t)got);
        else if (got == 0 || (errno != EINTR && errno != EAGAIN))
            return false;
        else if (errno == EAGAIN)
            break;
        take_lines(process);
    }
    return true;
}

bool load_process_go_on(struct load_process *process)
{
    send_pending(process);
    if (process->reports >= 0 && !receive(process))
        close_file(&process->reports);
    return process->reports >= 0;
}

void load_process_poll(const struct load_process *process, struct pollfd polled[2])
{
    polled[0] = (struct pollfd){.fd = process->reports, .events = POLLIN};
    polled[1] =
        (struct pollfd){.fd = process->pending.length ? process->commands : -1, .events = POLLOUT};
}

void load_process_end(struct load_process *process)
{
    if (!process)
        return;
    close_file(&process->commands);
    if (process->id > 0) {
        kill(process->id, SIGKILL);
        while (waitpid(process->id, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    close_file(&process->reports);
    text_free(&process->pending);
    text_free(&process->incoming);
    free(process);
}
