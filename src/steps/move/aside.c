/* aside.c: a forked child and the two pipes to it. */
#include "steps/move/aside.h"

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

#define DONE '+'
#define FAILED '-'

/* Short enough for a pipe to take it at once. */
static void say(int outcome, bool done, const struct error *error)
{
    char *words = done ? xprintf("%c", DONE) : xprintf("%c%.2000s", FAILED, error->message);
    file_write_all(outcome, words, strlen(words) + 1);
    free(words);
}

static bool told_to_begin(int begin)
{
    char word = 0;
    ssize_t got;
    do
        got = read(begin, &word, 1);
    while (got < 0 && errno == EINTR);
    return got == 1;
}

static _Noreturn void be_child(const struct aside_job *job, int begin, int outcome, pid_t parent)
{
    struct error error = ERROR_INIT;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    bool prepared = !job->prepare || job->prepare(job->context, &error);
    say(outcome, prepared, &error);
    if (prepared && told_to_begin(begin))
        say(outcome, job->act(job->context, &error), &error);
    _exit(0);
}

/* What the child said last, up to its NUL. */
static bool heard(const struct aside *aside, struct error *error)
{
    struct text words = {0};
    char byte = 0;
    for (;;) {
        ssize_t got = read(aside->outcome, &byte, 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got != 1 || !byte)
            break;
        text_append(&words, &byte, 1);
    }
    const char *said = text_string(&words);
    bool done = *said == DONE;
    if (!done)
        error_set(error, ERROR_OTHER, "%s",
                  *said == FAILED ? said + 1 : "a process of this step ended without a result");
    text_free(&words);
    return done;
}

static bool make_pipes(int begin[2], int outcome[2], struct error *error)
{
    if (pipe2(begin, O_CLOEXEC) < 0)
        return error_errno(error, "can't make a pipe");
    if (pipe2(outcome, O_CLOEXEC) == 0)
        return true;
    error_errno(error, "can't make a pipe");
    close(begin[0]);
    close(begin[1]);
    return false;
}

bool aside_prepare(struct aside *aside, const struct aside_job *job, struct error *error)
{
    int begin[2] = {-1, -1}, outcome[2] = {-1, -1};
    *aside = (struct aside){0};
    if (!make_pipes(begin, outcome, error))
        return false;
    pid_t parent = getpid();
    aside->process = fork();
    if (aside->process == 0) {
        close(begin[1]);
        close(outcome[0]);
        be_child(job, begin[0], outcome[1], parent);
    }
    close(begin[0]);
    close(outcome[1]);
    aside->begin = begin[1];
    aside->outcome = outcome[0];
    if (aside->process > 0 ? heard(aside, error) : error_errno(error, "can't fork"))
        return true;
    aside_end(aside);
    return false;
}

bool aside_begin(struct aside *aside, struct error *error)
{
    return write(aside->begin, "", 1) == 1 ||
           error_errno(error, "a process of this step doesn't answer");
}

bool aside_wait(struct aside *aside, struct error *error)
{
    bool done = heard(aside, error);
    aside_end(aside);
    return done;
}

void aside_end(struct aside *aside)
{
    if (aside->process == 0)
        return;
    if (aside->process > 0) {
        kill(aside->process, SIGKILL);
        while (waitpid(aside->process, NULL, 0) < 0 && errno == EINTR)
            continue;
    }
    close(aside->begin);
    close(aside->outcome);
    *aside = (struct aside){0};
}
