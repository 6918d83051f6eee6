/* control.c: a client's connection: events in, commands out. */
#include "engine/control.h"

#include "base/file.h"
#include "base/text.h"
#include "engine/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

struct control {
    int socket; /* or, where there is no engine, the journal's file */
    struct text input;
};

static cJSON *new_command(const char *name)
{
    cJSON *command = cJSON_CreateObject();
    cJSON_AddStringToObject(command, "command", name);
    return command;
}

/* Who decides, and where: for the record (DESIGN.md, P7). */
static void add_identity(cJSON *command)
{
    const struct passwd *user = getpwuid(getuid());
    const char *terminal = ttyname(0);
    const char *behind = getenv("SUDO_USER");
    char *name = xprintf("%s%s%s", user ? user->pw_name : "uid", behind ? " for " : "",
                         behind ? behind : "");
    cJSON_AddStringToObject(command, "operator", name);
    cJSON_AddStringToObject(command, "tty", terminal ? terminal : "no terminal");
    free(name);
}

/* Sends and deletes the command. */
static bool send_command(struct control *control, cJSON *command, struct error *error)
{
    add_identity(command);
    char *json = cJSON_PrintUnformatted(command);
    cJSON_Delete(command);
    struct text line = {0};
    text_printf(&line, "%s\n", json ? json : "{}");
    free(json);
    size_t done = 0;
    bool good = true;
    while (good && done < line.length) {
        ssize_t wrote = send(control->socket, line.bytes + done, line.length - done, MSG_NOSIGNAL);
        if (wrote > 0)
            done += (size_t)wrote;
        good = wrote > 0 || errno == EINTR;
    }
    text_free(&line);
    return good || error_errno(error, "the engine can't be reached any more");
}

static struct control *new_control(int file)
{
    struct control *control = xcalloc(1, sizeof *control);
    control->socket = file;
    return control;
}

static struct control *open_record(const char *directory, struct error *error)
{
    char *path = file_join(directory, "journal.jsonl");
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        error_errno(error, "can't open the journal %s", path);
    free(path);
    return file < 0 ? NULL : new_control(file);
}

static struct control *attach(int socket, bool watch, struct error *error)
{
    struct control *control = new_control(socket);
    cJSON *command = new_command("attach");
    cJSON_AddBoolToObject(command, "watch", watch);
    if (send_command(control, command, error))
        return control;
    control_close(control);
    return NULL;
}

struct control *control_open(const char *directory, bool watch, struct error *error)
{
    struct error unreachable = ERROR_INIT; /* its journal says as much as there is to know */
    int socket = control_socket_connect(directory, &unreachable);
    return socket < 0 ? open_record(directory, error) : attach(socket, watch, error);
}

struct control *control_open_again(const char *directory, bool watch, int64_t *journal_bytes,
                                   struct error *error)
{
    struct error unreachable = ERROR_INIT; /* which is no news */
    struct stat journal;
    int socket = control_socket_connect(directory, &unreachable);
    int64_t before = *journal_bytes;
    *journal_bytes = -1;
    if (socket >= 0)
        return attach(socket, watch, error);
    struct control *control = open_record(directory, error);
    if (control && fstat(control->socket, &journal) == 0)
        *journal_bytes = (int64_t)journal.st_size;
    if (!control || *journal_bytes != before)
        return control;
    control_close(control);
    return NULL;
}

void control_close(struct control *control)
{
    if (!control)
        return;
    close(control->socket);
    text_free(&control->input);
    free(control);
}

int control_descriptor(const struct control *control)
{
    return control->socket;
}

static void hand_over(struct control *control, void (*on_event)(void *context, const cJSON *event),
                      void *context)
{
    size_t start = 0;
    const char *end;
    while (start < control->input.length &&
           (end = memchr(control->input.bytes + start, '\n', control->input.length - start))) {
        const char *line = control->input.bytes + start;
        cJSON *event = cJSON_ParseWithLength(line, (size_t)(end - line));
        if (event)
            on_event(context, event);
        cJSON_Delete(event);
        start += (size_t)(end - line) + 1;
    }
    text_consume(&control->input, start);
}

bool control_read(struct control *control, void (*on_event)(void *context, const cJSON *event),
                  void *context, struct error *error)
{
    char buffer[65536];
    ssize_t got;
    while ((got = recv(control->socket, buffer, sizeof buffer, MSG_DONTWAIT)) > 0 ||
           (got < 0 && errno == ENOTSOCK &&
            (got = read(control->socket, buffer, sizeof buffer)) > 0)) {
        text_append(&control->input, buffer, (size_t)got);
        hand_over(control, on_event, context);
    }
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    return error_set(error, ERROR_OTHER, "the engine has closed the connection");
}

/* A command about the gate that the operator saw. */
static cJSON *gate_command(const char *name, const char *step, long opening)
{
    cJSON *command = new_command(name);
    cJSON_AddStringToObject(command, "step", step);
    cJSON_AddNumberToObject(command, "opening", (double)opening);
    return command;
}

bool control_confirm(struct control *control, const char *step, long opening, const char *phrase,
                     struct error *error)
{
    cJSON *command = gate_command("confirm", step, opening);
    if (phrase)
        cJSON_AddStringToObject(command, "phrase", phrase);
    return send_command(control, command, error);
}

bool control_confirm_named(struct control *control, const char *step, long opening,
                           struct error *error)
{
    cJSON *command = gate_command("confirm", step, opening);
    cJSON_AddTrueToObject(command, "named");
    return send_command(control, command, error);
}

bool control_decline(struct control *control, const char *step, long opening, struct error *error)
{
    return send_command(control, gate_command("decline", step, opening), error);
}

bool control_retry(struct control *control, struct error *error)
{
    return send_command(control, new_command("retry"), error);
}

bool control_skip(struct control *control, struct error *error)
{
    return send_command(control, new_command("skip"), error);
}

bool control_pause(struct control *control, bool pause, struct error *error)
{
    cJSON *command = new_command("pause");
    cJSON_AddBoolToObject(command, "pause", pause);
    return send_command(control, command, error);
}

bool control_rollback(struct control *control, const char *reason, struct error *error)
{
    cJSON *command = new_command("rollback");
    cJSON_AddStringToObject(command, "reason", reason);
    return send_command(control, command, error);
}

static cJSON *priced_rollback(const char *reason, int64_t taken_ms)
{
    cJSON *command = new_command("rollback");
    cJSON_AddStringToObject(command, "reason", reason);
    cJSON_AddNumberToObject(command, "price_taken_ms", (double)taken_ms);
    return command;
}

bool control_rollback_saving(struct control *control, const char *reason, int64_t taken_ms,
                             struct error *error)
{
    cJSON *command = priced_rollback(reason, taken_ms);
    cJSON_AddTrueToObject(command, "save");
    return send_command(control, command, error);
}

bool control_rollback_losing(struct control *control, const char *reason, int64_t taken_ms,
                             const char *phrase, struct error *error)
{
    cJSON *command = priced_rollback(reason, taken_ms);
    cJSON_AddStringToObject(command, "phrase", phrase);
    return send_command(control, command, error);
}

bool control_price(struct control *control, struct error *error)
{
    return send_command(control, new_command("price"), error);
}

bool control_offer(struct control *control, const char *step, long opening, struct error *error)
{
    return send_command(control, gate_command("offer", step, opening), error);
}

bool control_go_first(struct control *control, const char *phase, struct error *error)
{
    cJSON *command = new_command("go_first");
    if (phase)
        cJSON_AddStringToObject(command, "phase", phase);
    return send_command(control, command, error);
}

bool control_leave_out(struct control *control, struct error *error)
{
    return send_command(control, new_command("leave_out"), error);
}
