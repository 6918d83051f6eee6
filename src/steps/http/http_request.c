/* http_request.c: http.request and http.get: calls of a platform's API, whose answers' values later
 * steps use. */
#include "steps/actions.h"
#include "steps/http/http_address.h"
#include "steps/http/http_download.h"
#include "steps/http/http_exchange.h"
#include "steps/http/http_once.h"
#include "steps/http/http_wait.h"
#include "steps/step.h"

#include "base/json_path.h"

#include <stdlib.h>
#include <string.h>

#define FACT_MAX 65536 /* bytes of a value that is taken */

/* ---- what is taken from an answer ---- */

static bool take_one(const cJSON *answer, const cJSON *entry, cJSON *taken, struct error *error)
{
    const cJSON *item = NULL;
    if (!json_path_find(answer, entry->valuestring, &item, error))
        return error_wrap(error, "%s", entry->string);
    if (!item || cJSON_IsNull(item))
        return error_set(error, ERROR_OTHER, "%s: the answer has nothing at \"%s\"", entry->string,
                         entry->valuestring);
    struct text text = {0};
    json_value_text(item, &text);
    bool fits = text.length <= FACT_MAX;
    text_free(&text);
    if (!fits)
        return error_set(error, ERROR_OTHER, "%s: what stands at \"%s\" is larger than %d bytes",
                         entry->string, entry->valuestring, FACT_MAX);
    cJSON_AddItemToObject(taken, entry->string, cJSON_Duplicate(item, true));
    return true;
}

/* All of them, or none. */
static bool take_facts(struct step_run *run, const cJSON *answer, struct error *error)
{
    const cJSON *entry;
    cJSON *taken = cJSON_CreateObject();
    bool good = true;
    cJSON_ArrayForEach(entry, step_map(run, "take"))
    {
        good = good && take_one(answer, entry, taken, error);
    }
    cJSON_ArrayForEach(entry, taken)
    {
        struct text text = {0};
        if (!good)
            break;
        json_value_text(entry, &text);
        step_log(run, "%s: %s", entry->string, text_string(&text));
        step_fact(run, entry->string, cJSON_Duplicate(entry, true));
        text_free(&text);
    }
    cJSON_Delete(taken);
    return good || error_remedy(error, "The answer isn't what the runbook expects: see there, and "
                                       "mend the runbook.");
}

/* The runbook's own word on what to do comes before ours. */
static bool with_remedy(const struct step_run *run, bool good, struct error *error)
{
    const char *remedy = step_text(run, "remedy");
    if (!good && remedy && *remedy)
        error_remedy(error, "%s", remedy);
    return good;
}

/* ---- reading ---- */

static bool read_all(struct http_exchange *exchange, struct error *error)
{
    struct step_run *run = exchange->run;
    const char *instruction = step_text(run, "instruction");
    char *url = http_address(step_text(run, "url"), step_map(run, "query"), error);
    cJSON *tree = NULL;
    if (instruction && *instruction && !run->planning)
        step_log(run, "to do by hand: %s", instruction);
    bool good = url && http_wait(exchange, url, &tree, error) && take_facts(run, tree, error) &&
                http_download(exchange, tree, error);
    cJSON_Delete(tree);
    free(url);
    return good;
}

static bool run_get(struct step_run *run, struct error *error)
{
    struct http_exchange exchange;
    http_exchange_open(&exchange, run);
    bool good = read_all(&exchange, error);
    http_exchange_close(&exchange);
    return with_remedy(run, good, error);
}

/* ---- changing ---- */

/* Puts `value`, which it takes, in the place of `item`, somewhere in the tree. */
static bool replace_item(cJSON *tree, const cJSON *item, cJSON *value)
{
    cJSON *child;
    int index = 0;
    cJSON_ArrayForEach(child, tree)
    {
        if (child == item && cJSON_IsObject(tree))
            return cJSON_ReplaceItemInObjectCaseSensitive(tree, child->string, value);
        if (child == item)
            return cJSON_ReplaceItemInArray(tree, index, value);
        if (replace_item(child, item, value))
            return true;
        index++;
    }
    return false;
}

/* The items that the runbook says are no texts: numbers, true, false, null. */
static bool set_literals(const struct step_run *run, cJSON *body, struct error *error)
{
    const cJSON *path, *item = NULL;
    cJSON_ArrayForEach(path, step_list(run, "literals"))
    {
        if (!json_path_find(body, path->valuestring, &item, error))
            return error_wrap(error, "literals");
        const char *text = cJSON_GetStringValue(item);
        cJSON *value = text ? cJSON_ParseWithOpts(text, NULL, true) : NULL;
        bool literal = value && !cJSON_IsArray(value) && !cJSON_IsObject(value) &&
                       !cJSON_IsString(value) && replace_item(body, item, value);
        if (literal)
            continue;
        cJSON_Delete(value);
        return error_set(error, ERROR_OTHER,
                         "literals: at \"%s\" of the body there is no number, true, false or null",
                         path->valuestring);
    }
    return true;
}

/* The body as JSON, "" without one; the caller frees. */
static char *body_of(const struct step_run *run, struct error *error)
{
    cJSON *body = cJSON_Duplicate(cJSON_GetObjectItemCaseSensitive(run->arguments, "body"), true);
    char *json = NULL;
    if (!body)
        return xstrdup("");
    if (set_literals(run, body, error))
        json = cJSON_PrintUnformatted(body);
    cJSON_Delete(body);
    return json;
}

/* Looks by `exists` whether the work is done already; its facts are taken then. */
static bool look_first(struct http_exchange *exchange, bool *done, struct error *error)
{
    struct step_run *run = exchange->run;
    struct http_exchange reading = *exchange;
    cJSON *tree = NULL;
    const cJSON *item = NULL;
    *done = false;
    if (!step_text(run, "exists") || !*step_text(run, "exists"))
        return true;
    reading.call.method = "GET";
    reading.call.body = NULL;
    reading.repeatable = true;
    reading.expect = NULL;
    char *url = http_address(step_text(run, "exists"), step_map(run, "exists_query"), error);
    bool good = url && http_read_tree(&reading, url, &tree, error) &&
                json_path_find(tree, step_text(run, "exists_at"), &item, error);
    *done = good && !json_value_empty(item);
    if (*done)
        step_check(run, "http", VERDICT_PASS, "it is there already, nothing was sent");
    good = good && (!*done || take_facts(run, item, error));
    cJSON_Delete(tree);
    free(url);
    return good || error_wrap(error, "looking whether it is there already");
}

static bool send_and_take(struct http_exchange *exchange, const char *url,
                          enum http_outcome *outcome, struct error *error)
{
    struct step_run *run = exchange->run;
    struct http_answer answer;
    char shown[32];
    cJSON *tree = NULL;
    bool reads = step_map(run, "take") || step_text(run, "download");
    bool good = http_exchange(exchange, url, &answer, outcome, error);
    if (good) {
        char *address = http_shown_address(url);
        step_check(run, "http", VERDICT_PASS, "%s %s: status %ld after %s", exchange->call.method,
                   address, answer.status, text_duration(shown, sizeof shown, answer.took_ms));
        free(address);
    }
    if (good && reads) {
        good = http_answer_tree(&answer, url, &tree, error) && take_facts(run, tree, error) &&
               http_download(exchange, tree, error);
        if (!good)
            *outcome = HTTP_UNREAD;
    }
    cJSON_Delete(tree);
    http_answer_free(&answer);
    return good;
}

/* A request that does harm when it is carried out twice. */
static bool send_once(struct http_exchange *exchange, const char *url, bool looked,
                      struct error *error)
{
    struct step_run *run = exchange->run;
    enum http_before before = HTTP_SEND;
    enum http_outcome outcome = HTTP_NOT_DONE;
    char *key = http_once_key(exchange, url);
    bool good = looked || http_once_look(run, key, &before, error);
    if (good && before == HTTP_CARRIED)
        step_check(run, "http", VERDICT_PASS, "it was carried out before, nothing was sent");
    if (good && before == HTTP_SEND) {
        good = http_once_sending(run, key, error);
        if (good) {
            good = send_and_take(exchange, url, &outcome, error);
            http_once_ended(run, key, outcome);
        }
        if (!good && outcome == HTTP_UNKNOWN)
            error_remedy(error, "It isn't known whether the request was carried out. Look there "
                                "before you go on; it isn't sent again before you were asked.");
        if (!good && outcome == HTTP_UNREAD)
            error_remedy(error, "The request was carried out; only its answer can't be used. It "
                                "isn't sent again before you were asked.");
    }
    free(key);
    return good;
}

static bool change(struct http_exchange *exchange, struct error *error)
{
    struct step_run *run = exchange->run;
    enum http_outcome outcome;
    bool there = false, looks = step_text(run, "exists") && *step_text(run, "exists");
    char *url = http_address(step_text(run, "url"), step_map(run, "query"), error);
    bool good = url && look_first(exchange, &there, error);
    if (good && !there && exchange->repeatable)
        good = send_and_take(exchange, url, &outcome, error);
    else if (good && !there)
        good = send_once(exchange, url, looks, error);
    free(url);
    return good;
}

/* RFC 9110, section 9.2.2: these methods do no more by being carried out twice. */
static bool is_idempotent(const char *method)
{
    return !strcmp(method, "PUT") || !strcmp(method, "DELETE") || !strcmp(method, "HEAD");
}

/* What waits for an answer asks again and again. */
static bool may_wait(const struct step_run *run, const char *method, struct error *error)
{
    bool waits = cJSON_GetArraySize(step_list(run, "until")) ||
                 cJSON_GetArraySize(step_list(run, "failed_when"));
    if (!waits || !strcmp(method, "GET"))
        return true;
    return error_set(error, ERROR_OTHER,
                     "until and failed_when go with the method GET, not with %s; wait in a step of "
                     "its own",
                     method);
}

static bool run_request(struct step_run *run, struct error *error)
{
    struct http_exchange exchange;
    const char *method = step_text(run, "method");
    http_exchange_open(&exchange, run);
    char *body = may_wait(run, method, error) ? body_of(run, error) : NULL;
    bool good = body != NULL;
    if (good && !strcmp(method, "GET")) {
        good = read_all(&exchange, error);
    } else if (good) {
        exchange.call.method = method;
        exchange.call.body = *body ? body : NULL;
        exchange.repeatable = is_idempotent(method) || step_boolean(run, "repeatable");
        good = change(&exchange, error);
    }
    free(body);
    http_exchange_close(&exchange);
    return with_remedy(run, good, error);
}

/* ---- the rows ---- */

#define EVERY_REQUEST                                                                              \
    {"url",                                                                                        \
     ARGUMENT_TEXT,                                                                                \
     true,                                                                                         \
     NULL,                                                                                         \
     NULL,                                                                                         \
     "the address: https, or http to this machine itself; the certificate is always verified"},    \
        {"headers", ARGUMENT_MAP, false, NULL, NULL, "headers; they may hold secrets"},            \
        {"query", ARGUMENT_MAP, false, NULL, NULL, "names and values for the address, encoded"},   \
        {"expect", ARGUMENT_LIST, false, NULL, NULL, "statuses that are right; by default 2xx"},   \
        {"take",                                                                                   \
         ARGUMENT_FACTS,                                                                           \
         false,                                                                                    \
         NULL,                                                                                     \
         NULL,                                                                                     \
         "facts from the answer: a path such as `uuid`, `results[0].uuid` or "                     \
         "`results[type=DATABASE,prefix=NEW].uuid`, where several that match are an error"},       \
        {"download",                                                                               \
         ARGUMENT_TEXT,                                                                            \
         false,                                                                                    \
         NULL,                                                                                     \
         NULL,                                                                                     \
         "path in the answer of an address whose content is saved; no header goes there"},         \
        {"save_to", ARGUMENT_PATH,                                                                 \
         false,     NULL,                                                                          \
         NULL,      "the file for it, which must not exist; empty: it isn't fetched"},             \
        {"save_max", ARGUMENT_SIZE, false, "100GB", NULL, "the largest file that is taken"},       \
        {"timeout", ARGUMENT_DURATION, false, "30s", NULL, "time for one answer"},                 \
        {"attempts", ARGUMENT_INTEGER,                                                             \
         false,      "5",                                                                          \
         NULL,       "how often a request that may be repeated is tried (no answer, 429, 5xx)"},   \
        {"pause", ARGUMENT_DURATION,                                                               \
         false,   "1s",                                                                            \
         NULL,    "before the second try, doubled each time; Retry-After is honoured"},            \
        {"ca_file", ARGUMENT_PATH, false,                                                          \
         NULL,      NULL,          "certificate authorities (PEM) in place of the system's"},      \
        {"allow_http", ARGUMENT_BOOLEAN,                                                           \
         false,        "no",                                                                       \
         NULL,         "yes: http to other machines, where no secret is sent"},                    \
    {                                                                                              \
        "remedy", ARGUMENT_TEXT, false, NULL, NULL, "what the operator is told when it fails"      \
    }

#define EVERY_READING                                                                              \
    {"next", ARGUMENT_TEXT,                                                                        \
     false,  NULL,                                                                                 \
     NULL,   "path of the next page's address; all pages are read, at the same host only"},        \
        {"results", ARGUMENT_TEXT, false, "results", NULL, "path of the list that is in pages"},   \
        {"until",                                                                                  \
         ARGUMENT_LIST,                                                                            \
         false,                                                                                    \
         NULL,                                                                                     \
         NULL,                                                                                     \
         "asks again until all of these hold: `PATH` (neither empty nor null, false, 0), "         \
         "`PATH == VALUE`, `PATH != VALUE`; '' is nothing"},                                       \
        {"failed_when",                                                                            \
         ARGUMENT_LIST,                                                                            \
         false,                                                                                    \
         NULL,                                                                                     \
         NULL,                                                                                     \
         "the same: when one holds it has failed, and what stands at its path says why"},          \
        {"every", ARGUMENT_DURATION, false, "5s", NULL, "pause between two questions"},            \
        {"for", ARGUMENT_DURATION, false, "10m", NULL, "how long to go on asking"},                \
    {                                                                                              \
        "instruction", ARGUMENT_TEXT, false, NULL, NULL,                                           \
            "what the operator has to do by hand meanwhile"                                        \
    }

static const struct argument get_arguments[] = {EVERY_REQUEST, EVERY_READING, {0}};

static const char *const methods[] = {"POST", "PUT", "PATCH", "DELETE", "GET", "HEAD", NULL};

static const struct argument request_arguments[] = {
    {"method", ARGUMENT_ENUM, false, "POST", methods, "what is done there"},
    EVERY_REQUEST,
    {"body", ARGUMENT_TREE, false, NULL, NULL,
     "what is sent, as JSON; every value is a text; secrets may stand in it"},
    {"literals", ARGUMENT_LIST, false, NULL, NULL,
     "paths in the body whose value is sent as the number, true, false or null that it is"},
    {"repeatable", ARGUMENT_BOOLEAN, false, "no", NULL,
     "yes: a second POST or PATCH does no harm, so it is repeated as the other methods are"},
    {"exists", ARGUMENT_TEXT, false, NULL, NULL,
     "an address that is read first: whether the work is done already"},
    {"exists_query", ARGUMENT_MAP, false, NULL, NULL, "names and values for that address"},
    {"exists_at", ARGUMENT_TEXT, false, "", NULL,
     "path in that answer: what is found there stands for the request's own answer"},
    EVERY_READING,
    {0}};

const struct action http_get_action = {
    .name = "http.get",
    .danger = DANGER_READ,
    .help = "read from a web API, once or until the answer is the one that is waited for",
    .arguments = get_arguments,
    .run = run_get,
};

const struct action http_request_action = {
    .name = "http.request",
    .danger = DANGER_CHANGE,
    .help =
        "change something by a web API; what isn't known to be done is never sent twice unasked",
    .arguments = request_arguments,
    .run = run_request,
};
