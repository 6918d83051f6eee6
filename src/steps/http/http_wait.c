/* http_wait.c: asks until the answer is the one that is waited for. */
#include "steps/http/http_wait.h"

#include "steps/http/http_address.h"
#include "steps/http/http_condition.h"

#include "base/clock.h"

#include <stdlib.h>

#define REASON_MAX 500

struct waiting {
    struct http_exchange *exchange;
    const char *url;
    long rounds;
    int64_t began_ms; /* monotonic */
    int64_t limit_ms;
};

static int64_t elapsed_ms(const struct waiting *waiting)
{
    return clock_monotonic_ms() - waiting->began_ms;
}

/* Whether the other side says that it won't come any more. */
static bool has_failed(const struct waiting *waiting, const cJSON *tree, struct error *error)
{
    const struct step_run *run = waiting->exchange->run;
    const cJSON *condition;
    cJSON_ArrayForEach(condition, step_list(run, "failed_when"))
    {
        bool holds = false;
        if (!http_condition(tree, condition->valuestring, &holds, error))
            return true;
        if (!holds)
            continue;
        char *reason = http_condition_value(tree, condition->valuestring);
        char *clean = runbook_redact(run->runbook, reason);
        error_set(error, ERROR_OTHER, "it has failed there (%s): %.*s", condition->valuestring,
                  REASON_MAX, clean);
        free(reason);
        free(clean);
        return true;
    }
    return false;
}

static void tell_progress(const struct waiting *waiting, const char *missing)
{
    const char *instruction = step_text(waiting->exchange->run, "instruction");
    char *label = instruction && *instruction
                      ? xprintf("waiting for you: %s", instruction)
                      : xprintf("waiting until %s; asked %ld times", missing, waiting->rounds);
    step_progress(waiting->exchange->run, (double)elapsed_ms(waiting) / 1000,
                  (double)waiting->limit_ms / 1000, "seconds", label);
    free(label);
}

static void tell_end(const struct waiting *waiting)
{
    struct step_run *run = waiting->exchange->run;
    char shown[32];
    char *address = http_shown_address(waiting->url);
    if (step_list(run, "until"))
        step_check(run, "http", VERDICT_PASS, "%s answers as it should, after %s, asked %ld times",
                   address, text_duration(shown, sizeof shown, (long)elapsed_ms(waiting)),
                   waiting->rounds);
    else
        step_check(run, "http", VERDICT_PASS, "GET %s answers, after %s", address,
                   text_duration(shown, sizeof shown, (long)elapsed_ms(waiting)));
    free(address);
}

static bool out_of_time(const struct waiting *waiting, const char *missing, struct error *error)
{
    char shown[32];
    char *address = http_shown_address(waiting->url);
    error_set(error, ERROR_OTHER, "%s, asked %ld times within %s, doesn't say: %s", address,
              waiting->rounds, text_duration(shown, sizeof shown, (long)elapsed_ms(waiting)),
              missing);
    free(address);
    return error_remedy(error, "Look there what it is waiting for; retry waits again.");
}

/* One question; *missing is what doesn't hold yet, NULL: all of it holds. */
static bool look(struct waiting *waiting, cJSON **tree, const char **missing, struct error *error)
{
    const struct step_run *run = waiting->exchange->run;
    *missing = NULL;
    waiting->rounds++;
    if (!http_read_tree(waiting->exchange, waiting->url, tree, error))
        return false;
    if (!has_failed(waiting, *tree, error) &&
        http_conditions(*tree, step_list(run, "until"), missing, error))
        return true;
    cJSON_Delete(*tree);
    *tree = NULL;
    return false;
}

/* A platform that is busy or away for a moment hasn't answered yet: the wait goes on. */
static bool may_go_on(const struct waiting *waiting, const struct error *error)
{
    const struct http_exchange *exchange = waiting->exchange;
    if (!exchange->passing || exchange->run->planning || !step_list(exchange->run, "until") ||
        elapsed_ms(waiting) >= waiting->limit_ms)
        return false;
    step_log(exchange->run, "%s; asked again, as there is time left", error->message);
    return true;
}

bool http_wait(struct http_exchange *exchange, const char *url, cJSON **tree, struct error *error)
{
    struct waiting waiting = {.exchange = exchange,
                              .url = url,
                              .began_ms = clock_monotonic_ms(),
                              .limit_ms = step_duration(exchange->run, "for")};
    const char *missing = NULL;
    for (;;) {
        bool looked = look(&waiting, tree, &missing, error);
        if (!looked && !may_go_on(&waiting, error))
            return false;
        if (looked && !missing) {
            tell_end(&waiting);
            return true;
        }
        if (exchange->run->planning) {
            step_log(exchange->run, "would wait until %s", missing);
            return true;
        }
        cJSON_Delete(*tree);
        *tree = NULL;
        if (looked && elapsed_ms(&waiting) >= waiting.limit_ms)
            return out_of_time(&waiting, missing, error);
        tell_progress(&waiting, looked ? missing : "it answers again");
        clock_sleep_ms(step_duration(exchange->run, "every"));
    }
}
