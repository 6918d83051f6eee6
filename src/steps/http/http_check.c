/* http_check.c: http.check: an address answers as it should, such as the application's health
 * endpoint. */
#include "steps/actions.h"
#include "steps/compose/application_down.h"
#include "steps/http/http_address.h"
#include "steps/http/http_client.h"
#include "steps/step.h"

#include "base/clock.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define ANSWER_MAX ((size_t)1 << 20)
#define SHOWN_MAX 500
#define RETRY_MS 500L

/* One request. False when no answer came, with `why` in `error`. */
static bool ask(const struct step_run *run, struct http_answer *answer, struct error *error)
{
    const struct http_call call = {.method = "GET",
                                   .url = step_text(run, "url"),
                                   .timeout_ms = step_duration(run, "timeout"),
                                   .answer_max = ANSWER_MAX};
    return http_call(&call, answer, error);
}

static bool judge(const struct step_run *run, const struct http_answer *answer, struct error *error)
{
    const char *contains = step_text(run, "contains");
    long wanted = step_integer(run, "status");
    char *address = http_shown_address(step_text(run, "url"));
    bool right = answer->status == wanted;
    if (!right)
        error_set(error, ERROR_OTHER, "%s answers with status %ld, not %ld", address,
                  answer->status, wanted);
    else if (contains && *contains && !strstr(text_string(&answer->body), contains))
        right = error_set(error, ERROR_OTHER, "the answer of %s doesn't contain \"%s\"", address,
                          contains);
    free(address);
    return right;
}

static void report(struct step_run *run, bool right, const struct http_answer *answer,
                   const struct error *error)
{
    char *address = http_shown_address(step_text(run, "url"));
    if (right)
        step_check(run, "http", VERDICT_PASS, "%s answers with status %ld", address,
                   answer->status);
    else
        step_check(run, "http", VERDICT_FAIL, "%s", error->message);
    if (answer->body.length)
        step_log(run, "answer: %.*s", SHOWN_MAX, text_string(&answer->body));
    free(address);
}

/* A deployment that failed has left an outage that lasts; its address answers now. */
static void end_outage(struct step_run *run)
{
    if (step_integer(run, "status") / 100 == 2 &&
        application_concerned(run, NULL, step_text(run, "url")))
        application_is_back(run, "application_check", cJSON_CreateObject(),
                            (long)(clock_wall_ms() - application_down_since(run)),
                            "until its address was seen to answer");
}

/* Asks again until it is right or the time is over. */
static bool run_http_check(struct step_run *run, struct error *error)
{
    int64_t deadline = clock_monotonic_ms() + step_duration(run, "for");
    bool right;
    for (;;) {
        struct http_answer answer;
        bool last = clock_monotonic_ms() >= deadline;
        right = ask(run, &answer, error) && judge(run, &answer, error);
        if (right || last)
            report(run, right, &answer, error);
        http_answer_free(&answer);
        if (right || last)
            break;
        clock_sleep_ms(RETRY_MS);
    }
    if (right)
        end_outage(run);
    return right ||
           error_remedy(error, "Look at the application's own log; then retry this step, or roll "
                               "back.");
}

static const struct argument arguments[] = {
    {"url", ARGUMENT_TEXT, true, NULL, NULL, "the address, http or https"},
    {"status", ARGUMENT_INTEGER, false, "200", NULL, "the status that is right"},
    {"contains", ARGUMENT_TEXT, false, NULL, NULL, "text that the answer has to contain"},
    {"for", ARGUMENT_DURATION, false, "10s", NULL, "how long to go on asking"},
    {"timeout", ARGUMENT_DURATION, false, "5s", NULL, "time for one answer"},
    {0},
};

const struct action http_check_action = {
    .name = "http.check",
    .danger = DANGER_READ,
    .help = "ask a web address until it answers as it should",
    .arguments = arguments,
    .run = run_http_check,
};
