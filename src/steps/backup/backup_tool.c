/* backup_tool.c: a tool's run for a backup, and what it says. */
#include "steps/backup/backup_tool.h"

#include "steps/backup/backup.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX ((size_t)16 << 10)
#define TURN_MS 20 /* a connection that counts mustn't wait longer for its next table */

static void keep_words(struct backup_tool *tool, const char *bytes, size_t length)
{
    size_t room = tool->words.length < WORDS_MAX ? WORDS_MAX - tool->words.length : 0;
    text_append(&tool->words, bytes, length < room ? length : room);
}

static void take_line(struct backup_tool *tool, size_t length)
{
    const struct backup_format *format = tool->backup->format;
    char *line = xstrndup(tool->line.bytes, length);
    line[strcspn(line, "\n")] = '\0';
    if (!tool->database || !format->said || !format->said(tool->database, line))
        keep_words(tool, tool->line.bytes, length);
    free(line);
    text_consume(&tool->line, length);
}

static bool take_words(void *context, const char *bytes, size_t length, struct error *error)
{
    struct backup_tool *tool = context;
    const char *end;
    (void)error;
    text_append(&tool->line, bytes, length);
    while ((end = memchr(text_string(&tool->line), '\n', tool->line.length)))
        take_line(tool, (size_t)(end - tool->line.bytes) + 1);
    if (tool->line.length > WORDS_MAX)
        take_line(tool, tool->line.length);
    return true;
}

static bool take_output(void *context, const char *bytes, size_t length, struct error *error)
{
    struct backup_tool *tool = context;
    return !tool->write || tool->write(tool, bytes, length, error);
}

bool backup_tool_begin(struct backup_tool *tool, const struct backup_tool_call *call,
                       struct error *error)
{
    struct pg_tool setting = {.access = &tool->backup->access,
                              .helper = call->helper,
                              .arguments = call->arguments,
                              .database = call->database,
                              .write = take_output,
                              .write_error = take_words,
                              .context = tool};
    tool->name = call->arguments[0];
    tool->write = call->write;
    tool->running = pg_tool_begin(&setting, error);
    return tool->running != NULL;
}

static bool judge(struct backup_tool *tool, int exit_status, struct error *error)
{
    const char *const arguments[] = {tool->name, NULL};
    const struct pg_tool setting = {.access = &tool->backup->access, .arguments = arguments};
    const char *database = tool->database ? tool->database->entry->name : NULL;
    if (exit_status != 0)
        return pg_tool_failed(&setting, exit_status, text_string(&tool->words), error);
    if (tool->words.length && database)
        step_log(tool->backup->run, "%s of database \"%s\": %s", tool->name, database,
                 text_string(&tool->words));
    else if (tool->words.length)
        step_log(tool->backup->run, "%s: %s", tool->name, text_string(&tool->words));
    return true;
}

static bool end(struct backup_tool *tool, struct error *error)
{
    int exit_status = -1;
    struct docker_running *running = tool->running;
    tool->running = NULL;
    if (tool->line.length)
        take_line(tool, tool->line.length);
    return docker_exec_end(running, &exit_status, error) && judge(tool, exit_status, error);
}

bool backup_tool_turn(struct backup_tool *tool, bool *ended, struct error *error)
{
    return docker_exec_turn(tool->running, ended, error) && (!*ended || end(tool, error));
}

void backup_tools_wait(struct backup_tool *const *tools, size_t count)
{
    struct pollfd entries[BACKUP_TOGETHER_MOST];
    nfds_t polled = 0;
    int milliseconds = TURN_MS;
    for (size_t i = 0; i < count && i < BACKUP_TOGETHER_MOST; i++) {
        if (!tools[i]->running)
            continue;
        int most = docker_exec_waits_for(tools[i]->running, &entries[polled++]);
        if (most >= 0 && most < milliseconds)
            milliseconds = most;
    }
    poll(entries, polled, milliseconds);
}

void backup_tool_drop(struct backup_tool *tool)
{
    docker_exec_abandon(tool->running);
    tool->running = NULL;
    text_free(&tool->words);
    text_free(&tool->line);
}

bool backup_tool_await(struct backup_tool *tool, struct error *error)
{
    struct backup_tool *const tools[] = {tool};
    bool ended = false, well = true;
    while (well && !ended) {
        backup_tools_wait(tools, 1);
        well = backup_tool_turn(tool, &ended, error) && backup_go_on(tool->backup, error);
    }
    return well;
}

bool backup_tool_run(struct backup *backup, const struct backup_tool_call *call,
                     struct error *error)
{
    struct backup_tool tool = {.backup = backup};
    bool well = backup_tool_begin(&tool, call, error) && backup_tool_await(&tool, error);
    backup_tool_drop(&tool);
    return well;
}
