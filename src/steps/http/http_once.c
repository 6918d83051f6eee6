/* http_once.c: a request that must not be sent twice without anybody knowing: what became of it is
 * on record before and after. */
#include "steps/http/http_once.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"

#include <stdlib.h>
#include <string.h>

#define DIGEST_SHOWN 16

#define SENT "sent"       /* what became of it isn't known */
#define ASKED "asked"     /* the same, and the operator was told */
#define CARRIED "carried" /* it was carried out */

/* The digest is of the texts without secrets: it is journaled. */
char *http_once_key(const struct http_exchange *exchange, const char *url)
{
    const struct step_run *run = exchange->run;
    char hex[SHA256_HEX_SIZE];
    char *request = xprintf("%s %s\n%s", exchange->call.method, url,
                            exchange->call.body ? exchange->call.body : "");
    char *clean = runbook_redact(run->runbook, request);
    sha256_bytes(clean, strlen(clean), hex);
    char *key =
        xprintf("http.%s.%s%.*s", run->path, run->undoing ? "undo." : "", DIGEST_SHOWN, hex);
    for (char *c = key; *c; c++)
        if (*c == '/')
            *c = '.';
    free(request);
    free(clean);
    return key;
}

static cJSON *record(const char *state, double sent_ms)
{
    cJSON *value = cJSON_CreateObject();
    cJSON_AddStringToObject(value, "state", state);
    cJSON_AddNumberToObject(value, "sent_ms", sent_ms);
    return value;
}

/* Of an undo that failed behind the request the operator wants all of it once more. */
static bool wanted_again(const struct step_run *run)
{
    return run->again || (run->undoing && run->retried);
}

static bool ask(const struct step_run *run, double sent_ms, struct error *error)
{
    char time[32];
    error_set(error, ERROR_OTHER,
              "this request was sent at %s, and it isn't known whether it was carried out",
              clock_iso(time, sizeof time, (int64_t)sent_ms));
    if (run->undoing)
        return error_remedy(error, "Look there. Rolling back once more sends it again (a second "
                                   "time, if it was carried out). If it was, and its work is done, "
                                   "this undo can be skipped.");
    return error_remedy(error, "Look there. If it was not carried out, retry sends it again (a "
                               "second time, if it was). If it was, roll back or begin a new run "
                               "once its work is undone or can be found there.");
}

bool http_once_look(struct step_run *run, const char *key, enum http_before *before,
                    struct error *error)
{
    const cJSON *known = step_known(run, key);
    const char *state = json_text_at(known, "state");
    *before = text_equal(state, CARRIED) && !wanted_again(run) ? HTTP_CARRIED : HTTP_SEND;
    bool decided = run->again || (text_equal(state, ASKED) && run->retried);
    if (decided || (!text_equal(state, SENT) && !text_equal(state, ASKED)))
        return true;
    double sent_ms = json_number_at(known, "sent_ms");
    step_fact(run, key, record(ASKED, sent_ms));
    return ask(run, sent_ms, error);
}

/* While undoing nobody asks whether the run goes on: going back is what it does. */
bool http_once_sending(struct step_run *run, const char *key, struct error *error)
{
    cJSON *value = record(SENT, (double)clock_wall_ms());
    if (run->undoing) {
        step_fact(run, key, value);
        return true;
    }
    cJSON *facts = cJSON_CreateObject();
    cJSON_AddItemToObject(facts, key, value);
    return step_facts_kept(run, facts, error);
}

void http_once_ended(struct step_run *run, const char *key, enum http_outcome outcome)
{
    if (outcome == HTTP_NOT_DONE)
        step_fact(run, key, cJSON_CreateFalse());
    else if (outcome == HTTP_DONE)
        step_fact(run, key, record(CARRIED, (double)clock_wall_ms()));
}
