/* docker_logs.c: docker.logs: a container's log shows one pattern, or doesn't show another. */
#include "steps/actions.h"
#include "steps/docker/docker_common.h"

#include "base/clock.h"
#include "base/text.h"
#include "docker/logs.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#define LOG_MAX ((size_t)16 << 20)
#define LOOK_EVERY_MS 1000L
#define SHOWN_MAX 300

struct search {
    regex_t pattern;
    bool wanted; /* whether there is a pattern */
};

static bool compile(struct search *search, const char *pattern, struct error *error)
{
    *search = (struct search){0};
    if (!pattern || !*pattern)
        return true;
    int code = regcomp(&search->pattern, pattern, REG_EXTENDED | REG_ICASE | REG_NOSUB);
    search->wanted = code == 0;
    if (code == 0)
        return true;
    char why[128];
    regerror(code, &search->pattern, why, sizeof why);
    return error_set(error, ERROR_RUNBOOK, "\"%s\" is no regular expression: %s", pattern, why);
}

static void release(struct search *search)
{
    if (search->wanted)
        regfree(&search->pattern);
}

/* The first line that matches, copied; NULL for none. The caller frees. */
static char *find_line(const struct search *search, const char *log)
{
    while (search->wanted && *log) {
        size_t length = strcspn(log, "\r\n");
        char *line = xstrndup(log, length);
        if (regexec(&search->pattern, line, 0, NULL, 0) == 0)
            return line;
        free(line);
        log += length + (log[length] != '\0');
    }
    return NULL;
}

/* Wall time from which the log counts: a fact's, or 0 for all of it. */
static int64_t since_of(const struct step_run *run)
{
    const char *key = step_text(run, "since");
    const cJSON *fact = key && *key ? step_known(run, key) : NULL;
    return fact && cJSON_IsNumber(fact) ? (int64_t)fact->valuedouble : 0;
}

enum finding { FOUND_NOTHING, FOUND_EXPECTED, FOUND_REJECTED };

static enum finding judge(struct step_run *run, const struct search *expect,
                          const struct search *reject, const char *log, struct error *error)
{
    const char *name = step_text(run, "name");
    char *line = find_line(reject, log);
    enum finding finding = line ? FOUND_REJECTED : FOUND_NOTHING;
    if (line) {
        step_check(run, "log", VERDICT_FAIL, "%s: %.*s", name, SHOWN_MAX, line);
        error_set(error, ERROR_OTHER, "the log of %s shows: %.*s", name, SHOWN_MAX, line);
    } else if ((line = find_line(expect, log))) {
        finding = FOUND_EXPECTED;
        step_check(run, "log", VERDICT_PASS, "%s: %.*s", name, SHOWN_MAX, line);
    }
    free(line);
    return finding;
}

static bool never_shown(struct step_run *run, struct docker *docker, struct error *error)
{
    const char *name = step_text(run, "name"), *pattern = step_text(run, "expect");
    char waited[32];
    text_duration(waited, sizeof waited, step_duration(run, "for"));
    step_check(run, "log", VERDICT_FAIL, "%s shows no \"%s\" within %s", name, pattern, waited);
    step_show_log(run, docker, name, 10);
    error_set(error, ERROR_OTHER, "the log of %s shows no \"%s\" within %s", name, pattern, waited);
    return error_remedy(error, "Look at it yourself: docker logs --tail 50 %s", name);
}

/* Looks until the expected line comes or the time is over; a rejected line ends it at once. */
static bool watch_log(struct step_run *run, struct docker *docker, const struct search *expect,
                      const struct search *reject, struct error *error)
{
    int64_t deadline = clock_monotonic_ms() + step_duration(run, "for");
    for (;;) {
        struct text log = {0};
        bool last = clock_monotonic_ms() >= deadline;
        bool read =
            docker_logs(docker, step_text(run, "name"), since_of(run), 0, LOG_MAX, &log, error);
        enum finding finding =
            read ? judge(run, expect, reject, text_string(&log), error) : FOUND_NOTHING;
        text_free(&log);
        if (!read || finding != FOUND_NOTHING)
            return finding == FOUND_EXPECTED;
        if (last)
            break;
        clock_sleep_ms(LOOK_EVERY_MS);
    }
    if (expect->wanted)
        return never_shown(run, docker, error);
    step_check(run, "log", VERDICT_PASS, "%s shows nothing that is rejected",
               step_text(run, "name"));
    return true;
}

static bool run_logs(struct step_run *run, struct error *error)
{
    struct search expect = {0}, reject = {0};
    struct docker_container container = {0};
    struct docker *docker = docker_open(error);
    bool done = docker && compile(&expect, step_text(run, "expect"), error) &&
                compile(&reject, step_text(run, "reject"), error) &&
                step_container(docker, step_text(run, "name"), &container, error) &&
                watch_log(run, docker, &expect, &reject, error);
    docker_container_free(&container);
    release(&expect);
    release(&reject);
    docker_close(docker);
    return done;
}

static const struct argument arguments[] = {
    {"name", ARGUMENT_TEXT, true, NULL, NULL, "the container"},
    {"expect", ARGUMENT_TEXT, false, NULL, NULL,
     "extended regular expression that a line has to match"},
    {"reject", ARGUMENT_TEXT, false, NULL, NULL,
     "extended regular expression that no line may match"},
    {"since", ARGUMENT_TEXT, false, NULL, NULL,
     "fact with the time from which the log counts, such as switched; by default all of it"},
    {"for", ARGUMENT_DURATION, false, "10s", NULL, "how long to go on looking"},
    {0},
};

const struct action docker_logs_action = {
    .name = "docker.logs",
    .danger = DANGER_READ,
    .help = "look for a pattern in a container's log",
    .arguments = arguments,
    .run = run_logs,
};
