/* deploy_probe.c: an address asked all the time, from a process of its own. */
#include "steps/compose/deploy_probe.h"

#include "steps/http/http_client.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAUSE_MS 50
#define ANSWER_MS 1000L
#define ANSWER_MAX ((size_t)64 << 10)

struct outage {
    int64_t since; /* monotonic; 0: it answers */
    long total_ms;
};

/* An outage begins when the question was asked that got no answer. */
static void note(struct outage *outage, int64_t asked, bool answered)
{
    if (answered && outage->since) {
        outage->total_ms += (long)(clock_monotonic_ms() - outage->since);
        outage->since = 0;
    } else if (!answered && !outage->since) {
        outage->since = asked;
    }
}

bool deploy_probe_ask(const char *url, long timeout_ms)
{
    struct http_call call = {
        .method = "GET", .url = url, .timeout_ms = timeout_ms, .answer_max = ANSWER_MAX};
    struct http_answer answer;
    struct error ignored = ERROR_INIT;
    bool answered = http_call(&call, &answer, &ignored) && answer.status / 100 == 2;
    http_answer_free(&answer);
    return answered;
}

/* Until the other end of `control` is closed. */
static void watch(const char *url, int control, int answers)
{
    struct outage outage = {0};
    struct pollfd ended = {.fd = control, .events = POLLIN};
    do {
        int64_t asked = clock_monotonic_ms();
        note(&outage, asked, deploy_probe_ask(url, ANSWER_MS));
    } while (poll(&ended, 1, PAUSE_MS) == 0);
    long result[2] = {outage.total_ms, outage.since == 0};
    if (outage.since)
        result[0] += (long)(clock_monotonic_ms() - outage.since);
    ssize_t ignored = write(answers, result, sizeof result);
    (void)ignored;
}

void deploy_probe_start(struct deploy_probe *probe, const char *url)
{
    int control[2] = {-1, -1}, answers[2] = {-1, -1};
    *probe = (struct deploy_probe){.control = -1, .answers = -1};
    if (!url || !*url || pipe2(control, O_CLOEXEC) != 0)
        return;
    if (pipe2(answers, O_CLOEXEC) == 0)
        probe->process = fork();
    if (probe->process == 0 && answers[0] >= 0) {
        close(control[1]);
        watch(url, control[0], answers[1]);
        _exit(0);
    }
    close(control[0]);
    if (answers[1] >= 0)
        close(answers[1]);
    probe->control = control[1];
    probe->answers = answers[0];
}

/* Whole, as it is smaller than a pipe's buffer; a signal may come between. */
static bool read_result(int answers, long result[2])
{
    ssize_t got;
    do
        got = read(answers, result, 2 * sizeof *result);
    while (got < 0 && errno == EINTR);
    return got == 2 * sizeof *result;
}

void deploy_probe_stop(struct deploy_probe *probe, long *outage_ms, bool *answers)
{
    long result[2] = {-1, 0};
    *outage_ms = -1;
    *answers = false;
    if (probe->control >= 0)
        close(probe->control);
    if (probe->process > 0 && read_result(probe->answers, result)) {
        *outage_ms = result[0];
        *answers = result[1] != 0;
    }
    if (probe->answers >= 0)
        close(probe->answers);
    while (probe->process > 0 && waitpid(probe->process, NULL, 0) < 0 && errno == EINTR)
        continue;
    *probe = (struct deploy_probe){.control = -1, .answers = -1};
}
