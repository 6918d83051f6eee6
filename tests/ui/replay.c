/* replay.c: the real screen on a stand-in engine, for the screen tests: a child process that plays
 * a journal over the control socket, forwards what the test writes, and notes every command. The
 * wall clock is the test's. Usage: replay DIRECTORY [--watch] [NAME=DIRECTORY]..., the latter for
 * more environments; a directory holds journal.jsonl and the FIFO "events"; commands are appended
 * to its file "commands". */
#include "base/file.h"
#include "base/text.h"
#include "engine/socket.h"
#include "ui/ui.h"

#include <cjson/cJSON.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

static int64_t *shared_clock; /* both processes' wall time, set by {"type":"test_clock","ms":N} */

static int64_t tests_clock(void)
{
    return *shared_clock;
}

struct stand_in {
    const char *directory;
    int listening, client, events;
    struct text input; /* from the FIFO */
};

/* The stand-in's own words are obeyed; everything else goes to the client. */
static void play(struct stand_in *stand_in, const char *line, size_t length)
{
    cJSON *event = cJSON_ParseWithLength(line, length);
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItem(event, "type"));
    if (text_equal(type, "test_clock")) {
        *shared_clock = (int64_t)cJSON_GetNumberValue(cJSON_GetObjectItem(event, "ms"));
    } else if (text_equal(type, "test_close")) {
        close(stand_in->client);
        close(stand_in->listening);
        stand_in->client = stand_in->listening = -1;
    } else if (text_equal(type, "test_back")) {
        struct error error = ERROR_INIT;
        stand_in->listening = control_socket_listen(stand_in->directory, &error);
    } else if (event && stand_in->client >= 0) {
        send(stand_in->client, line, length, MSG_NOSIGNAL);
        send(stand_in->client, "\n", 1, MSG_NOSIGNAL);
    }
    cJSON_Delete(event);
}

static void play_lines(struct stand_in *stand_in, struct text *input)
{
    const char *end;
    while (input->length && (end = memchr(input->bytes, '\n', input->length))) {
        size_t length = (size_t)(end - input->bytes);
        play(stand_in, input->bytes, length);
        text_consume(input, length + 1);
    }
}

static void play_journal(struct stand_in *stand_in)
{
    char *path = xprintf("%s/journal.jsonl", stand_in->directory);
    struct text content = {0};
    struct error error = ERROR_INIT;
    if (!file_read(path, (size_t)64 << 20, &content, &error))
        fprintf(stderr, "%s\n", error.message);
    play_lines(stand_in, &content);
    play(stand_in, "{\"type\":\"caught_up\"}", 20);
    text_free(&content);
    free(path);
}

static void note_commands(struct stand_in *stand_in)
{
    char buffer[4096];
    ssize_t got = recv(stand_in->client, buffer, sizeof buffer, 0);
    char *path = xprintf("%s/commands", stand_in->directory);
    FILE *file = got > 0 ? fopen(path, "a") : NULL;
    if (file) {
        fwrite(buffer, 1, (size_t)got, file);
        fclose(file);
    }
    free(path);
    if (got <= 0) {
        close(stand_in->client);
        stand_in->client = -1;
    }
}

static void serve(struct stand_in *stand_in)
{
    for (;;) {
        struct pollfd polls[] = {{.fd = stand_in->listening, .events = POLLIN},
                                 {.fd = stand_in->client, .events = POLLIN},
                                 {.fd = stand_in->events, .events = POLLIN}};
        poll(polls, 3, -1);
        if (polls[1].revents)
            note_commands(stand_in);
        if (polls[0].revents) {
            stand_in->client = accept(stand_in->listening, NULL, NULL);
            play_journal(stand_in);
        }
        if (polls[2].revents) {
            char buffer[4096];
            ssize_t got = read(stand_in->events, buffer, sizeof buffer);
            text_append(&stand_in->input, buffer, got > 0 ? (size_t)got : 0);
            play_lines(stand_in, &stand_in->input);
        }
    }
}

static void start_stand_in(const char *directory)
{
    struct error error = ERROR_INIT;
    struct stand_in stand_in = {.directory = directory, .client = -1};
    char *path = xprintf("%s/events", directory);
    stand_in.listening = control_socket_listen(directory, &error);
    stand_in.events = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    free(path);
    if (stand_in.listening < 0 || stand_in.events < 0) {
        fprintf(stderr, "replay: %s\n", *error.message ? error.message : "no FIFO \"events\"");
        exit(1);
    }
    if (fork() == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        setpgid(0, 0);
        serve(&stand_in);
    }
    close(stand_in.listening);
    close(stand_in.events);
}

int main(int count, char **arguments)
{
    struct error error = ERROR_INIT;
    bool watch = count > 2 && !strcmp(arguments[2], "--watch");
    if (count < 2)
        return 2;
    shared_clock =
        mmap(NULL, sizeof *shared_clock, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared_clock == MAP_FAILED)
        return 1;
    *shared_clock = 1771336800000; /* 2026-02-17 14:00:00 UTC */
    start_stand_in(arguments[1]);
    struct ui_tab tabs[UI_TABS_MAX] = {{"test", arguments[1]}};
    size_t tab_count = 1;
    for (int i = 2; i < count && tab_count < UI_TABS_MAX; i++) {
        char *directory = strchr(arguments[i], '=');
        if (!directory)
            continue;
        *directory++ = '\0';
        tabs[tab_count++] = (struct ui_tab){arguments[i], directory};
        start_stand_in(directory);
    }
    if (ui_run_by_clock(tabs, tab_count, watch, tests_clock, &error))
        return 0;
    fprintf(stderr, "replay: %s\n%s\n", error.message, error.remedy);
    return (int)error.kind;
}
