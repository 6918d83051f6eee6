/* http.c: http.check: an address answers as it should, such as the application's health endpoint.
 */
#include "steps/actions.h"
#include "steps/step.h"

#include "base/clock.h"
#include "base/text.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_MAX ((size_t)1 << 20)
#define SHOWN_MAX 500
#define RETRY_MS 500L

static size_t keep(char *bytes, size_t size, size_t count, void *context)
{
    struct text *text = context;
    size_t length = size * count;
    size_t room = text->length < ANSWER_MAX ? ANSWER_MAX - text->length : 0;
    text_append(text, bytes, length < room ? length : room);
    return length;
}

/* The address as it may be shown: without a name and password in it. */
static char *shown_address(const char *address)
{
    const char *host = strstr(address, "://");
    host = host ? host + 3 : address;
    const char *at = memchr(host, '@', strcspn(host, "/?#"));
    return at ? xprintf("%.*s***%s", (int)(host - address), address, at) : xstrdup(address);
}

/* One request. False when no answer came, with `why` in `error`. */
static bool ask(const struct step_run *run, long *status, struct text *answer, struct error *error)
{
    char reason[CURL_ERROR_SIZE] = "";
    CURL *handle = curl_easy_init();
    if (!handle)
        return error_set(error, ERROR_OTHER, "libcurl can't be initialised");
    curl_easy_setopt(handle, CURLOPT_URL, step_text(run, "url"));
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, step_duration(run, "timeout"));
    curl_easy_setopt(handle, CURLOPT_USERAGENT, "pgrunbook");
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, reason);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, answer);
    CURLcode code = curl_easy_perform(handle);
    *status = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, status);
    curl_easy_cleanup(handle);
    if (code == CURLE_OK)
        return true;
    char *address = shown_address(step_text(run, "url"));
    error_set(error, ERROR_OTHER, "%s doesn't answer: %s", address,
              *reason ? reason : curl_easy_strerror(code));
    free(address);
    return false;
}

static bool judge(const struct step_run *run, long status, const struct text *answer,
                  struct error *error)
{
    const char *contains = step_text(run, "contains");
    long wanted = step_integer(run, "status");
    char *address = shown_address(step_text(run, "url"));
    bool right = status == wanted;
    if (!right)
        error_set(error, ERROR_OTHER, "%s answers with status %ld, not %ld", address, status,
                  wanted);
    else if (contains && *contains && !strstr(text_string(answer), contains))
        right = error_set(error, ERROR_OTHER, "the answer of %s doesn't contain \"%s\"", address,
                          contains);
    free(address);
    return right;
}

static void report(struct step_run *run, bool right, long status, const struct text *answer,
                   const struct error *error)
{
    char *address = shown_address(step_text(run, "url"));
    if (right)
        step_check(run, "http", VERDICT_PASS, "%s answers with status %ld", address, status);
    else
        step_check(run, "http", VERDICT_FAIL, "%s", error->message);
    if (answer->length)
        step_log(run, "answer: %.*s", SHOWN_MAX, text_string(answer));
    free(address);
}

/* Asks again until it is right or the time is over. */
static bool run_http_check(struct step_run *run, struct error *error)
{
    int64_t deadline = clock_monotonic_ms() + step_duration(run, "for");
    for (;;) {
        struct text answer = {0};
        long status = 0;
        bool last = clock_monotonic_ms() >= deadline;
        bool right = ask(run, &status, &answer, error) && judge(run, status, &answer, error);
        if (right || last)
            report(run, right, status, &answer, error);
        text_free(&answer);
        if (right)
            return true;
        if (last)
            break;
        clock_sleep_ms(RETRY_MS);
    }
    return error_remedy(error, "Look at the application's own log; then retry this step, or roll "
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

const struct action http_check_action = {"http.check", DANGER_READ,
                                         "ask a web address until it answers as it should",
                                         arguments, run_http_check};
