/* http_exchange.c: a step's requests: made from its arguments, repeated where they may be, judged
 * by their status. */
#include "steps/http/http_exchange.h"

#include "steps/http/http_address.h"
#include "steps/http/http_trouble.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

#define ANSWER_MAX ((size_t)8 << 20)
#define PAUSE_MAX_MS 30000L
#define RETRY_AFTER_MAX_MS (5L * 60 * 1000)

void http_exchange_open(struct http_exchange *exchange, struct step_run *run)
{
    *exchange = (struct http_exchange){.run = run,
                                       .authority = step_path(run, "ca_file"),
                                       .expect = step_list(run, "expect"),
                                       .repeatable = true};
    exchange->call = (struct http_call){.method = "GET",
                                        .headers = step_map(run, "headers"),
                                        .authority = exchange->authority,
                                        .timeout_ms = step_duration(run, "timeout"),
                                        .answer_max = ANSWER_MAX,
                                        .json = true};
}

void http_exchange_close(struct http_exchange *exchange)
{
    free(exchange->authority);
    *exchange = (struct http_exchange){0};
}

static bool holds_secret(const struct step_run *run, const char *text)
{
    char *clean = text ? runbook_redact(run->runbook, text) : NULL;
    bool holds = clean && strcmp(clean, text) != 0;
    free(clean);
    return holds;
}

static bool sends_secret(const struct http_exchange *exchange, const char *url)
{
    const cJSON *header;
    bool holds =
        holds_secret(exchange->run, url) || holds_secret(exchange->run, exchange->call.body);
    cJSON_ArrayForEach(header, exchange->call.headers) holds =
        holds || holds_secret(exchange->run, header->valuestring);
    return holds;
}

bool http_may_send(const struct http_exchange *exchange, const char *url, struct error *error)
{
    if (!http_is_open(url))
        return true;
    char *address = http_shown_address(url);
    if (!step_boolean(exchange->run, "allow_http"))
        error_set(error, ERROR_OTHER, "%s is not encrypted: only https is, or this machine itself",
                  address);
    else if (sends_secret(exchange, url))
        error_set(error, ERROR_OTHER, "%s is not encrypted, and a secret would be sent there",
                  address);
    else
        error = NULL;
    free(address);
    return !error || error_remedy(error, "Nothing was sent. Use the https address.");
}

/* Any 2xx unless the step says which. */
static bool is_expected(const struct http_exchange *exchange, long status)
{
    const cJSON *item;
    if (!cJSON_GetArraySize(exchange->expect))
        return status / 100 == 2;
    cJSON_ArrayForEach(item, exchange->expect)
    {
        long wanted = 0;
        if (text_to_long(item->valuestring, 100, 599, &wanted) && wanted == status)
            return true;
    }
    return false;
}

/* Answers after which the same request may well succeed. RFC 9110, section 15; RFC 6585. */
static bool is_passing(long status)
{
    static const long passing[] = {408, 425, 429, 500, 502, 503, 504};
    for (size_t i = 0; i < sizeof passing / sizeof passing[0]; i++)
        if (passing[i] == status)
            return true;
    return false;
}

static bool refuse(const struct http_exchange *exchange, const char *url,
                   const struct http_answer *answer, struct error *error)
{
    struct text message = {0};
    char *address = http_shown_address(url);
    http_answer_message(answer, &message);
    char *clean = runbook_redact(exchange->run->runbook, text_string(&message));
    error_set(error, ERROR_OTHER, "%s %s answers with status %ld%s%s", exchange->call.method,
              address, answer->status, *clean ? ": " : "", clean);
    free(clean);
    free(address);
    text_free(&message);
    return http_status_remedy(answer->status, error);
}

/* RFC 9110, section 15: 4xx, 503 and a redirect that keeps the method are refusals; 2xx, and where
 * to look for the result (303), say that it is done. What a server that failed did before isn't
 * known. */
enum http_outcome http_outcome_of(long status)
{
    if (status / 100 == 4 || status == 503 || status == 307 || status == 308)
        return HTTP_NOT_DONE;
    return status / 100 == 2 || status == 303 ? HTTP_UNREAD : HTTP_UNKNOWN;
}

static bool ask_once(struct http_exchange *exchange, const char *url, struct http_answer *answer,
                     enum http_outcome *outcome, struct error *error)
{
    bool answered = http_call(&exchange->call, answer, error);
    exchange->asked++;
    exchange->passing = !answer->hopeless && (!answer->status || is_passing(answer->status));
    *outcome = answer->sent ? HTTP_UNKNOWN : HTTP_NOT_DONE;
    if (!answered)
        return false;
    if (is_expected(exchange, answer->status)) {
        exchange->passing = false;
        *outcome = HTTP_DONE;
        return true;
    }
    *outcome = http_outcome_of(answer->status);
    return refuse(exchange, url, answer, error);
}

/* The pause before the next try, 0: there is no next one. */
static long pause_before(const struct http_exchange *exchange, const struct http_answer *answer,
                         long tries)
{
    long pause = step_duration(exchange->run, "pause");
    if (!exchange->repeatable || !exchange->passing ||
        tries >= step_integer(exchange->run, "attempts") ||
        answer->retry_after_ms > RETRY_AFTER_MAX_MS)
        return 0;
    for (long i = 1; i < tries && pause < PAUSE_MAX_MS; i++)
        pause *= 2;
    pause = pause < PAUSE_MAX_MS ? pause : PAUSE_MAX_MS;
    pause = pause > answer->retry_after_ms ? pause : answer->retry_after_ms;
    return pause > 0 ? pause : 1;
}

bool http_exchange(struct http_exchange *exchange, const char *url, struct http_answer *answer,
                   enum http_outcome *outcome, struct error *error)
{
    char shown[32];
    *answer = (struct http_answer){0};
    *outcome = HTTP_NOT_DONE;
    exchange->call.url = url;
    exchange->passing = false;
    if (!http_may_send(exchange, url, error))
        return false;
    for (long tries = 1;; tries++) {
        if (ask_once(exchange, url, answer, outcome, error))
            return true;
        long pause = pause_before(exchange, answer, tries);
        if (!pause)
            return false;
        step_log(exchange->run, "%s; once more in %s", error->message,
                 text_duration(shown, sizeof shown, pause));
        clock_sleep_ms(pause);
        http_answer_free(answer);
    }
}

bool http_answer_tree(const struct http_answer *answer, const char *url, cJSON **tree,
                      struct error *error)
{
    *tree =
        answer->cut ? NULL : cJSON_ParseWithLength(text_string(&answer->body), answer->body.length);
    if (*tree)
        return true;
    char *address = http_shown_address(url);
    if (answer->cut)
        error_set(error, ERROR_OTHER, "the answer of %s is larger than %zu MiB", address,
                  ANSWER_MAX >> 20);
    else
        error_set(error, ERROR_OTHER, "the answer of %s is no JSON", address);
    free(address);
    return false;
}
