/* image_settings.c: settings tried out on an image's PostgreSQL. */
#include "steps/checks/image_settings.h"

#include "docker/once.h"

#include <stdlib.h>
#include <string.h>

#define NO_SERVER 3
#define BATCH 200             /* questions a container: its command line is limited */
#define VALUE_MAX_LENGTH 4096 /* a longer value isn't tried, only its name */

/* -C comes first, as root may only then run it. Without a data directory it needs files to read.
 * The name alone: -C fails when there is no such setting. */
static const char try_all[] =
    "bin=$(command -v postgres || ls -d /usr/lib/postgresql/*/bin/postgres 2>/dev/null | sort -V | "
    "tail -n 1)\n"
    "[ -n \"$bin\" ] || exit 3\n"
    "directory=$(mktemp -d) && : >\"$directory/postgresql.conf\" && "
    ": >\"$directory/postgresql.auto.conf\" || exit 4\n"
    "number=0\n"
    "while [ $# -gt 1 ]; do\n"
    "  message=$(LC_ALL=C \"$bin\" -C \"$1\" -D \"$directory\" ${2:+-c \"$2\"} 2>&1 >/dev/null)"
    " && message= || message=${message:-refused}\n"
    "  [ -z \"$message\" ] || echo \"$number: $(echo \"$message\" | tr '\\n\\t' '  ')\"\n"
    "  number=$((number + 1))\n"
    "  shift 2\n"
    "done\n"
    "echo \"asked: $number\"\n";

/* "2026-11-21 07:42:54 GMT [9] FATAL:  unrecognized ...", perhaps with lines of the log before. */
static const char *words_of(const char *message)
{
    const char *fatal = strstr(message, "FATAL:");
    return fatal ? fatal + strlen("FATAL:") + strspn(fatal + strlen("FATAL:"), " ") : message;
}

void image_take_answer(const char *line, struct image_question *questions, size_t count)
{
    char *end = NULL;
    unsigned long number = strtoul(line, &end, 10);
    if (end == line || strncmp(end, ": ", 2) != 0 || number >= count)
        return;
    struct image_question *question = &questions[number];
    const char *words = words_of(end + 2);
    bool unknown = strstr(words, "unrecognized configuration parameter") != NULL;
    question->answer = unknown ? IMAGE_LACKS : IMAGE_REFUSES;
    free(question->message);
    size_t length = strlen(words);
    while (length && words[length - 1] == ' ')
        length--;
    question->message = xstrndup(words, length);
}

static bool all_asked(const char *output, size_t count)
{
    char *wanted = xprintf("asked: %zu\n", count);
    bool asked = strstr(output, wanted) != NULL;
    free(wanted);
    return asked;
}

static void take_answers(const char *output, struct image_question *questions, size_t count)
{
    while (*output) {
        size_t length = strcspn(output, "\n");
        char *line = xstrndup(output, length);
        image_take_answer(line, questions, count);
        free(line);
        output += length + (output[length] == '\n');
    }
}

static char *assignment(const struct image_question *question)
{
    bool tried = question->value && strlen(question->value) <= VALUE_MAX_LENGTH;
    return tried ? xprintf("%s=%s", question->name, question->value) : xstrdup("");
}

static bool ask_batch(struct docker *docker, const char *image, struct image_question *questions,
                      size_t count, struct error *error)
{
    const char **arguments = xcalloc(4 + 2 * count + 1, sizeof *arguments);
    char **owned = xcalloc(count + 1, sizeof *owned);
    size_t used = 0;
    static const char *const shell[] = {"sh", "-c", try_all, "sh"};
    for (; used < 4; used++)
        arguments[used] = shell[used];
    for (size_t i = 0; i < count; i++) {
        arguments[used++] = questions[i].name;
        arguments[used++] = owned[i] = assignment(&questions[i]);
    }
    struct text output = {0};
    int status = -1;
    bool ran = docker_once(docker, image, arguments, 0, &output, &status, error);
    bool asked = ran && status == 0 && all_asked(text_string(&output), count);
    if (asked)
        take_answers(text_string(&output), questions, count);
    else if (ran)
        error_set(error, ERROR_OTHER, "image %s doesn't say which settings it takes: %s", image,
                  status == NO_SERVER ? "it holds no PostgreSQL server" : text_string(&output));
    for (size_t i = 0; i < count; i++)
        free(owned[i]);
    free(owned);
    free(arguments);
    text_free(&output);
    return asked;
}

bool image_ask_settings(struct docker *docker, const char *image, struct image_question *questions,
                        size_t count, struct error *error)
{
    for (size_t first = 0; first < count; first += BATCH)
        if (!ask_batch(docker, image, questions + first,
                       count - first < BATCH ? count - first : BATCH, error))
            return false;
    return true;
}

void image_questions_free(struct image_question *questions, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(questions[i].message);
    free(questions);
}
