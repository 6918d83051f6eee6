/* load_beside.c: the side of the backup: the process that loads, told what is there and heard. */
#include "steps/restore/load_beside.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "steps/docker/docker_common.h"
#include "steps/docker/loading.h"
#include "steps/restore/load_dump.h"
#include "steps/restore/restore_target.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PIECE ((size_t)64 << 10)
#define PATIENCE_MS 500

struct load_beside {
    struct step_run *run;
    pid_t process;
    int commands, reports;         /* towards the process, and from it; -1 closed */
    struct text pending, incoming; /* what couldn't be sent yet; the line that isn't complete */
    bool waiting;                  /* its progress is the step's */
    bool loaded;
    char *container; /* id */
    double started_ms;
    struct error failure;
};

/* Refused where pg.restore would refuse, or would have to begin with an empty volume. */
static bool look_at_server(const struct load_beside_setting *setting, struct load_beside *beside,
                           bool *again, struct error *error)
{
    struct server_access access = {0};
    bool fit = server_find_inside(setting->run, setting->server, &access, error);
    if (fit && loading_state(setting->run, access.container, &access.found) == LOADING_INTERRUPTED)
        fit = error_set(error, ERROR_OTHER, "the server has stopped since its loading began");
    if (fit)
        step_fact(setting->run, FACT_LOADED, cJSON_CreateNull()); /* it may be emptied now */
    fit = fit && restore_target_prepare(setting->run, &access, setting->databases, again, error);
    if (fit) {
        beside->container = xstrdup(access.found.id);
        beside->started_ms = (double)access.found.started_ms;
    }
    server_free(&access);
    return fit;
}

/* The engine's pipe and the backup's connections are nothing for this process. */
static _Noreturn void be_loader(const struct load_beside_setting *setting, bool again,
                                const int files[2], pid_t parent)
{
    struct load_dump_setting dump = {.run = setting->run,
                                     .server = setting->server,
                                     .directory = setting->directory,
                                     .bytes = setting->bytes,
                                     .jobs = setting->jobs,
                                     .again = again,
                                     .commands = 3,
                                     .reports = 4};
    int commands = fcntl(files[0], F_DUPFD_CLOEXEC, 5),
        reports = fcntl(files[1], F_DUPFD_CLOEXEC, 5);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == parent && dup2(commands, 3) == 3 && dup2(reports, 4) == 4) {
        close_range(5, ~0U, 0);
        load_dump(&dump);
    }
    _exit(0);
}

static bool start_process(const struct load_beside_setting *setting, bool again,
                          struct load_beside *beside, struct error *error)
{
    int commands[2] = {-1, -1}, reports[2] = {-1, -1};
    pid_t parent = getpid();
    beside->process = -1;
    if (pipe2(commands, O_CLOEXEC) == 0 && pipe2(reports, O_CLOEXEC) == 0)
        beside->process = fork();
    if (beside->process == 0)
        be_loader(setting, again, (const int[]){commands[0], reports[1]}, parent);
    if (beside->process < 0)
        error_errno(error, "can't start a process that loads");
    if (commands[0] >= 0)
        close(commands[0]);
    if (reports[1] >= 0)
        close(reports[1]);
    beside->commands = commands[1];
    beside->reports = reports[0];
    if (beside->process > 0) {
        fcntl(beside->commands, F_SETFL, O_NONBLOCK);
        fcntl(beside->reports, F_SETFL, O_NONBLOCK);
    }
    return beside->process > 0;
}

struct load_beside *load_beside_start(const struct load_beside_setting *setting,
                                      struct error *error)
{
    struct load_beside *beside = xcalloc(1, sizeof *beside);
    bool again = false;
    *beside = (struct load_beside){
        .run = setting->run, .commands = -1, .reports = -1, .failure = ERROR_INIT};
    if (look_at_server(setting, beside, &again, error) &&
        start_process(setting, again, beside, error))
        return beside;
    load_beside_end(beside);
    return NULL;
}

static void close_commands(struct load_beside *beside)
{
    if (beside->commands >= 0)
        close(beside->commands);
    beside->commands = -1;
}

/* Never waits: the process may be busy for long. */
static void send_pending(struct load_beside *beside)
{
    while (beside->commands >= 0 && beside->pending.length) {
        ssize_t sent = write(beside->commands, beside->pending.bytes, beside->pending.length);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno != EAGAIN)
            close_commands(beside); /* it has ended, and said why */
        if (sent < 0)
            return;
        text_consume(&beside->pending, (size_t)sent);
    }
}

static void tell(struct load_beside *beside, cJSON *message)
{
    char *line = cJSON_PrintUnformatted(message);
    if (beside)
        text_printf(&beside->pending, "%s\n", line);
    if (beside)
        send_pending(beside);
    cJSON_free(line);
    cJSON_Delete(message);
}

static void tell_plain(struct load_beside *beside, const char *what)
{
    cJSON *message = cJSON_CreateObject();
    cJSON_AddTrueToObject(message, what);
    tell(beside, message);
}

void load_beside_roles(struct load_beside *beside)
{
    tell_plain(beside, LOAD_ROLES);
}

static cJSON *about(const char *database)
{
    cJSON *message = cJSON_CreateObject();
    cJSON_AddStringToObject(message, LOAD_DATABASE, database);
    return message;
}

void load_beside_dumping(struct load_beside *beside, const char *database, const char *directory,
                         double bytes)
{
    cJSON *message = about(database);
    (void)bytes; /* they come one after the other, whatever their size */
    cJSON_AddStringToObject(message, LOAD_DIRECTORY, directory);
    tell(beside, message);
}

void load_beside_contents(struct load_beside *beside, const char *database)
{
    cJSON *message = about(database);
    cJSON_AddTrueToObject(message, LOAD_CONTENTS);
    tell(beside, message);
}

void load_beside_rows(struct load_beside *beside, const char *database, long id)
{
    cJSON *message = about(database);
    cJSON_AddNumberToObject(message, LOAD_ITEM, (double)id);
    tell(beside, message);
}

void load_beside_dumped(struct load_beside *beside, const char *database)
{
    cJSON *message = about(database);
    cJSON_AddTrueToObject(message, LOAD_DUMPED);
    tell(beside, message);
}

/* A report of the step's, or how it ended. */
static void take_line(struct load_beside *beside, const char *line)
{
    cJSON *message = cJSON_Parse(line);
    const char *type = json_text(message, "type"), *failed = json_text(message, LOAD_FAILED);
    if (type && (beside->waiting || !text_equal(type, "progress"))) {
        beside->run->report(beside->run->context, message);
        return;
    }
    beside->loaded = beside->loaded || json_true_at(message, LOAD_LOADED);
    if (failed)
        error_set(&beside->failure, ERROR_OTHER, "%s", failed);
    cJSON_Delete(message);
}

static void take_lines(struct load_beside *beside)
{
    const char *end;
    while ((end = memchr(text_string(&beside->incoming), '\n', beside->incoming.length))) {
        size_t length = (size_t)(end - beside->incoming.bytes);
        char *line = xstrndup(beside->incoming.bytes, length);
        text_consume(&beside->incoming, length + 1);
        take_line(beside, line);
        free(line);
    }
}

/* False once the process has closed its end. */
static bool receive(struct load_beside *beside)
{
    char piece[4096];
    for (;;) {
        ssize_t got = read(beside->reports, piece, sizeof piece);
        if (got > 0)
            text_append(&beside->incoming, piece, (size_t)got);
        else if (got == 0 || (errno != EINTR && errno != EAGAIN))
            return false;
        else if (errno == EAGAIN)
            break;
        take_lines(beside);
    }
    return true;
}

void load_beside_go_on(struct load_beside *beside)
{
    if (!beside)
        return;
    send_pending(beside);
    receive(beside);
}

static void record(struct load_beside *beside, const char *path, const char *sha256)
{
    cJSON *fact = cJSON_CreateObject();
    cJSON_AddStringToObject(fact, "container", beside->container);
    cJSON_AddNumberToObject(fact, "started_ms", beside->started_ms);
    cJSON_AddStringToObject(fact, "path", path);
    cJSON_AddStringToObject(fact, "sha256", sha256);
    step_fact(beside->run, FACT_LOADED, fact);
}

void load_beside_finish(struct load_beside *beside, const char *path, const char *sha256)
{
    if (!beside)
        return;
    beside->waiting = true;
    tell_plain(beside, LOAD_COMPLETE);
    while (receive(beside)) {
        struct pollfd polled[2] = {
            {.fd = beside->reports, .events = POLLIN},
            {.fd = beside->pending.length ? beside->commands : -1, .events = POLLOUT}};
        poll(polled, 2, PATIENCE_MS);
        send_pending(beside);
    }
    if (beside->loaded)
        record(beside, path, sha256);
    else
        step_log(beside->run,
                 "the new server couldn't be loaded beside the dump, which the "
                 "restore makes good: %s",
                 *beside->failure.message ? beside->failure.message
                                          : "the process that loads was ended");
}

void load_beside_end(struct load_beside *beside)
{
    if (!beside)
        return;
    close_commands(beside);
    if (beside->process > 0) {
        kill(beside->process, SIGKILL);
        while (waitpid(beside->process, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    if (beside->reports >= 0)
        close(beside->reports);
    text_free(&beside->pending);
    text_free(&beside->incoming);
    free(beside->container);
    free(beside);
}

bool load_beside_is_done(const struct step_run *run, const struct docker_container *container,
                         const char *path, const char *sha256)
{
    const cJSON *fact = step_known(run, FACT_LOADED);
    return fact && text_equal(json_text(fact, "container"), container->id) &&
           json_number_at(fact, "started_ms") == (double)container->started_ms &&
           text_equal(json_text(fact, "path"), path) &&
           text_equal(json_text(fact, "sha256"), sha256) &&
           text_equal(cJSON_GetStringValue(step_known(run, "restore.started")), container->id);
}
