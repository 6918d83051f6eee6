/* restore_messages.c: psql's and pg_restore's standard error, line by line. */
#include "steps/restore/restore_messages.h"

#include "base/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_KEPT ((size_t)8192)
#define LOG_MAX ((size_t)64 << 20)
#define FAILURE_MAX ((size_t)900) /* of the first failure with its parts */
#define HARMLESS_SHOWN 10
#define WARNINGS_SHOWN 20

struct restore_messages {
    struct step_run *run;
    const struct message_setting *setting;
    int log;
    char *log_path;
    size_t logged;
    struct text line, last;
    struct text failure; /* the first one and what belongs to it */
    const char *reason, *remedy;
    long failure_line;
    bool in_failure; /* parts that come now belong to the first failure */
    struct restore_counts counts;
    long ignored,
        excused; /* errors that pg_restore counted, and harmless ones seen, since _begin */
};

static char *log_path(const struct step_run *run)
{
    char *name = xprintf("logs/restore-%s.log", run->path);
    for (char *slash = name + strlen("logs/"); (slash = strchr(slash, '/'));)
        *slash = '-';
    char *path = file_join(run->directory, name);
    free(name);
    return path;
}

static int open_log(const struct step_run *run, const char *path, bool shared, struct error *error)
{
    char *directory = file_join(run->directory, "logs");
    bool made = file_make_directories(directory, 0700, error);
    free(directory);
    int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | (shared ? 0 : O_TRUNC);
    int log = made ? open(path, flags, 0600) : -1;
    if (made && log < 0)
        error_errno(error, "can't write %s", path);
    return log;
}

struct restore_messages *restore_messages_open(struct step_run *run,
                                               const struct message_setting *setting, bool shared,
                                               struct error *error)
{
    char *path = log_path(run);
    int log = open_log(run, path, shared, error);
    if (log < 0) {
        free(path);
        return NULL;
    }
    struct restore_messages *messages = xcalloc(1, sizeof *messages);
    *messages =
        (struct restore_messages){.run = run, .setting = setting, .log = log, .log_path = path};
    return messages;
}

/* Each line at once, to the end: several processes may do so. */
static void write_log(struct restore_messages *messages, const char *line)
{
    struct text whole = {0};
    if (messages->logged > LOG_MAX)
        return;
    text_printf(&whole, "%s\n", line);
    messages->logged += whole.length;
    (void)file_write_all(messages->log, whole.bytes, whole.length); /* the evidence has the rest */
    text_free(&whole);
}

static void note_harmless(struct restore_messages *messages, const struct message *message)
{
    messages->excused += text_starts(message->text, "ERROR:");
    if (messages->counts.harmless++ < HARMLESS_SHOWN)
        step_log(messages->run, "harmless: %s (%s)", message->text, message->reason);
}

static void note_warning(struct restore_messages *messages, const struct message *message)
{
    if (messages->counts.warnings++ < WARNINGS_SHOWN)
        step_check(messages->run, "warning", VERDICT_WARN, "%s", message->text);
}

static void note_failure(struct restore_messages *messages, const struct message *message)
{
    messages->in_failure = messages->counts.failures++ == 0;
    if (!messages->in_failure)
        return;
    text_add(&messages->failure, message->text);
    messages->failure_line = message->line;
    messages->reason = message->reason;
    messages->remedy = message->remedy;
}

/* DETAIL and the like: the cause may stand in them. */
static void note_part(struct restore_messages *messages, const struct message *message)
{
    if (!messages->in_failure || messages->failure.length > FAILURE_MAX)
        return;
    text_printf(&messages->failure, "; %s", message->text);
    if (messages->remedy)
        return;
    char *as_error = xprintf("ERROR:  %s", message->text);
    struct message part = message_classify(as_error, messages->setting);
    messages->reason = part.class == MESSAGE_ERROR ? part.reason : NULL;
    messages->remedy = part.class == MESSAGE_ERROR ? part.remedy : NULL;
    free(as_error);
}

static void note_nothing(struct restore_messages *messages, const struct message *message)
{
    (void)message;
    messages->in_failure = false;
}

static void (*const notes[])(struct restore_messages *messages, const struct message *message) = {
    [MESSAGE_PART] = note_part,         [MESSAGE_INFORMATION] = note_nothing,
    [MESSAGE_HARMLESS] = note_harmless, [MESSAGE_WARNING] = note_warning,
    [MESSAGE_ERROR] = note_failure,
};

static void note_ignored(struct restore_messages *messages, const char *text)
{
    static const char mark[] = "errors ignored on restore: ";
    const char *found = strstr(text, mark);
    if (found)
        messages->ignored = strtol(found + strlen(mark), NULL, 10);
}

static void take_line(struct restore_messages *messages)
{
    struct text clean = {0};
    message_without_password(&clean, text_string(&messages->line));
    struct message message = message_classify(text_string(&clean), messages->setting);
    if (message.class != MESSAGE_PART)
        messages->in_failure = false;
    notes[message.class](messages, &message);
    note_ignored(messages, message.text);
    write_log(messages, text_string(&clean));
    text_free(&messages->last);
    messages->last = clean;
    text_consume(&messages->line, messages->line.length);
}

void restore_messages_take(struct restore_messages *messages, const char *bytes, size_t length)
{
    while (length) {
        const char *end = memchr(bytes, '\n', length);
        size_t part = end ? (size_t)(end - bytes) : length;
        size_t room =
            messages->line.length < LINE_MAX_KEPT ? LINE_MAX_KEPT - messages->line.length : 0;
        text_append(&messages->line, bytes, part < room ? part : room);
        if (end)
            take_line(messages);
        part += end != NULL;
        bytes += part;
        length -= part;
    }
}

void restore_messages_begin(struct restore_messages *messages)
{
    messages->ignored = messages->excused = 0;
}

bool restore_messages_explained(const struct restore_messages *messages)
{
    return messages->ignored > 0 && messages->ignored == messages->excused;
}

bool restore_messages_failed(const struct restore_messages *messages)
{
    return messages->counts.failures > 0;
}

const char *restore_messages_last(const struct restore_messages *messages)
{
    return text_string(&messages->last);
}

static bool report_failure(const struct restore_messages *messages, struct error *error)
{
    char where[48] = "";
    if (messages->failure_line)
        snprintf(where, sizeof where, " at line %ld of the backup", messages->failure_line);
    error_set(error, ERROR_OTHER, "the restore failed%s%s%s: %s", where,
              messages->reason ? ": " : "", messages->reason ? messages->reason : "",
              text_string(&messages->failure));
    if (messages->remedy)
        return error_remedy(error, "%s", messages->remedy);
    return error_remedy(error,
                        "All that was said is in %s. Retrying the step begins the restore "
                        "anew.",
                        messages->log_path);
}

bool restore_messages_end(struct restore_messages *messages, struct restore_counts *counts,
                          struct error *error)
{
    if (messages->line.length)
        take_line(messages);
    counts->failures += messages->counts.failures;
    counts->warnings += messages->counts.warnings;
    counts->harmless += messages->counts.harmless;
    return !messages->counts.failures || report_failure(messages, error);
}

void restore_messages_report(struct step_run *run, const struct restore_counts *counts)
{
    char *path = log_path(run);
    step_check(run, "messages",
               counts->failures   ? VERDICT_FAIL
               : counts->warnings ? VERDICT_WARN
                                  : VERDICT_PASS,
               "%zu errors, %zu warnings, %zu known harmless; all in %s", counts->failures,
               counts->warnings, counts->harmless, path);
    free(path);
}

bool restore_messages_judge(struct restore_messages *messages, struct error *error)
{
    struct restore_counts counts = {0};
    bool passed = restore_messages_end(messages, &counts, error);
    restore_messages_report(messages->run, &counts);
    return passed;
}

void restore_messages_close(struct restore_messages *messages)
{
    if (!messages)
        return;
    close(messages->log);
    free(messages->log_path);
    text_free(&messages->line);
    text_free(&messages->last);
    text_free(&messages->failure);
    free(messages);
}
