/* http_exchange.h: a step's requests: made from its arguments, repeated where they may be, judged
 * by their status. */
#ifndef STEPS_HTTP_EXCHANGE_H
#define STEPS_HTTP_EXCHANGE_H

#include "steps/http/http_client.h"
#include "steps/step.h"

#include <cjson/cJSON.h>
#include <stdbool.h>

enum http_outcome {
    HTTP_NOT_DONE, /* refused, or it never left this machine */
    HTTP_DONE,     /* an expected answer came */
    HTTP_UNREAD,   /* the same, but what it says can't be used */
    HTTP_UNKNOWN,  /* it left, and what became of it isn't known */
};

/* What all requests of a step have in common; the texts are the arguments'. */
struct http_exchange {
    struct step_run *run;
    struct http_call call; /* its url is set by http_exchange */
    char *authority;       /* owned; call.authority */
    const cJSON *expect;   /* statuses that are right, or NULL: 2xx */
    bool repeatable;       /* another try by itself does no harm */
    bool passing;          /* the last request failed by what may well be over soon */
    long asked;            /* requests made so far */
};

/* What a status that isn't expected says about the request. */
enum http_outcome http_outcome_of(long status);

/* Headers, time-outs and the like from the step's arguments; a GET. */
void http_exchange_open(struct http_exchange *exchange, struct step_run *run);
void http_exchange_close(struct http_exchange *exchange);

/* One request, whose status is one of `expect`. Where it may be repeated, it is, with pauses that
 * grow, and not before the other side's Retry-After. The caller frees the answer in any case. */
bool http_exchange(struct http_exchange *exchange, const char *url, struct http_answer *answer,
                   enum http_outcome *outcome, struct error *error);
/* The answer as JSON; the caller deletes it. */
bool http_answer_tree(const struct http_answer *answer, const char *url, cJSON **tree,
                      struct error *error);
/* A GET whose answer is JSON; with the argument `next` all pages of it, the items of `results` in
 * one list. The caller deletes the tree. */
bool http_read_tree(struct http_exchange *exchange, const char *url, cJSON **tree,
                    struct error *error);
/* Whether something may be sent there: over http only to this machine, or where the argument
 * allow_http says so and no secret goes along. */
bool http_may_send(const struct http_exchange *exchange, const char *url, struct error *error);

#endif
