/* http_once.h: a request that must not be sent twice without anybody knowing: what became of it is
 * on record before and after. */
#ifndef STEPS_HTTP_ONCE_H
#define STEPS_HTTP_ONCE_H

#include "steps/http/http_exchange.h"

/* The request's own fact: "http.PHASE.STEP.DIGEST", so that another address or body is another
 * request. The caller frees. */
char *http_once_key(const struct http_exchange *exchange, const char *url);

enum http_before {
    HTTP_SEND,    /* it was never sent, or wasn't carried out, or the operator wants it once more */
    HTTP_CARRIED, /* it was carried out, its facts are on record */
};
/* What is on record. False, with a question to the operator, when it was sent and nobody knows what
 * became of it: the operator's next retry is the answer that it is to be sent again. */
bool http_once_look(struct step_run *run, const char *key, enum http_before *before,
                    struct error *error);
/* On disk when this returns true; only then may the request be sent. */
bool http_once_sending(struct step_run *run, const char *key, struct error *error);
/* What became of it. */
void http_once_ended(struct step_run *run, const char *key, enum http_outcome outcome);

#endif
