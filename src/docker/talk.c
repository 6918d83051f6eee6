/* talk.c: a command's streams, kept open between questions. */
#include "docker/talk.h"

#include "docker/demux.h"
#include "docker/exec_start.h"

#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define PIECE ((size_t)256 << 10)
#define LINE_MAX_BYTES ((size_t)1 << 20)
#define WORDS_MAX ((size_t)4 << 10)
#define SAY_MS 30000

struct docker_talk {
    struct hijack hijack;
    struct demux demux;
    struct text heard; /* what has come; lines up to `taken` were given out */
    size_t taken;
    struct text words; /* of its standard error */
    char *name;        /* "sh in container limor-postgres" */
    char *piece;
    bool ended;
};

static bool take_output(void *context, const char *bytes, size_t length, struct error *error)
{
    struct docker_talk *talk = context;
    (void)error;
    text_append(&talk->heard, bytes, length);
    return true;
}

static bool take_words(void *context, const char *bytes, size_t length, struct error *error)
{
    struct docker_talk *talk = context;
    size_t room = WORDS_MAX - talk->words.length;
    (void)error;
    text_append(&talk->words, bytes, length < room ? length : room);
    return true;
}

struct docker_talk *docker_talk_open(struct docker *docker, const struct docker_exec *exec,
                                     struct error *error)
{
    char *id = NULL;
    struct docker_talk *talk = xcalloc(1, sizeof *talk);
    talk->name = xprintf("%s in container %s", exec->arguments[0], exec->container);
    talk->piece = xmalloc(PIECE);
    talk->demux =
        (struct demux){.output = take_output, .error_output = take_words, .context = talk};
    talk->hijack.socket = -1;
    bool opened =
        exec_create(docker, exec, true, &id, error) &&
        exec_start(docker, id, &talk->hijack, error) &&
        demux_feed(&talk->demux, talk->hijack.rest.bytes, talk->hijack.rest.length, error);
    free(id);
    if (opened)
        return talk;
    error_wrap(error, "%s", talk->name);
    docker_talk_close(talk);
    return NULL;
}

static bool wait_for(const struct docker_talk *talk, short events, int64_t deadline_ms)
{
    int64_t left = deadline_ms - clock_monotonic_ms();
    struct pollfd entry = {.fd = talk->hijack.socket, .events = events};
    return left > 0 && (poll(&entry, 1, (int)left) >= 0 || errno == EINTR);
}

static bool takes_nothing(const struct docker_talk *talk, struct error *error)
{
    return error_set(error, ERROR_DOCKER, "%s takes no more input", talk->name);
}

bool docker_talk_say(struct docker_talk *talk, const char *bytes, size_t length,
                     struct error *error)
{
    int64_t deadline = clock_monotonic_ms() + SAY_MS;
    for (size_t done = 0; done < length;) {
        size_t count = 0;
        if (!hijack_send(&talk->hijack, bytes + done, length - done, &count) ||
            (count == 0 && !wait_for(talk, POLLOUT, deadline)))
            return takes_nothing(talk, error);
        done += count;
    }
    return true;
}

/* What it wrote to standard error last, as one line. */
static bool silent(const struct docker_talk *talk, const char *what, struct error *error)
{
    char words[512];
    text_copy(words, sizeof words, text_string(&talk->words));
    for (char *at = words; (at = strchr(at, '\n'));)
        *at = ' ';
    return error_set(error, ERROR_OTHER, "%s %s%s%s", talk->name, what, *words ? ": " : "", words);
}

static bool receive(struct docker_talk *talk, int64_t deadline_ms, struct error *error)
{
    size_t count = 0;
    if (talk->ended)
        return silent(talk, "has ended", error);
    if (!hijack_receive(&talk->hijack, talk->piece, PIECE, &count, &talk->ended, error) ||
        !demux_feed(&talk->demux, talk->piece, count, error))
        return false;
    return count || talk->ended || wait_for(talk, POLLIN, deadline_ms) ||
           silent(talk, "doesn't answer", error);
}

static char *line_end(const struct docker_talk *talk, size_t searched)
{
    return talk->heard.length > searched
               ? memchr(talk->heard.bytes + searched, '\n', talk->heard.length - searched)
               : NULL;
}

/* What was given out goes once it's most of the buffer, so that a long answer isn't moved for each
 * of its lines. */
static void forget_taken(struct docker_talk *talk)
{
    if (talk->taken <= talk->heard.length / 2)
        return;
    text_consume(&talk->heard, talk->taken);
    talk->taken = 0;
}

bool docker_talk_hear(struct docker_talk *talk, long silence_ms, const char **line,
                      struct error *error)
{
    int64_t deadline = clock_monotonic_ms() + silence_ms;
    size_t searched = talk->taken;
    char *end = line_end(talk, searched);
    if (!end) {
        forget_taken(talk);
        searched = talk->taken;
    }
    while (!end) {
        size_t before = talk->heard.length;
        if (before - talk->taken > LINE_MAX_BYTES)
            return silent(talk, "writes a line without an end", error);
        if (!receive(talk, deadline, error))
            return false;
        end = line_end(talk, searched);
        searched = talk->heard.length;
        if (searched > before)
            deadline = clock_monotonic_ms() + silence_ms;
    }
    *end = '\0';
    *line = talk->heard.bytes + talk->taken;
    talk->taken = (size_t)(end - talk->heard.bytes) + 1;
    return true;
}

void docker_talk_close(struct docker_talk *talk)
{
    if (!talk)
        return;
    if (talk->hijack.handle)
        hijack_end_input(&talk->hijack);
    hijack_close(&talk->hijack);
    text_free(&talk->heard);
    text_free(&talk->words);
    free(talk->name);
    free(talk->piece);
    free(talk);
}
