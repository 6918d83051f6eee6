/* http_client.h: one HTTP request and its answer, by libcurl. */
#ifndef STEPS_HTTP_CLIENT_H
#define STEPS_HTTP_CLIENT_H

#include "base/error.h"
#include "base/text.h"

#include <cjson/cJSON.h>
#include <stdbool.h>

/* A file that is sent from its beginning, in pieces. */
struct http_upload {
    int file;
    unsigned long long size; /* bytes of it that are sent */
};

/* What is asked. Certificates are always verified, redirects never followed: they would carry
 * headers and body to wherever they point. */
struct http_call {
    const char *method; /* "GET" */
    const char *url;
    const cJSON *headers;             /* object of texts, or NULL */
    const char *body;                 /* JSON, or NULL */
    const struct http_upload *upload; /* in place of a body, or NULL */
    const char *authority; /* file of certificate authorities in place of the system's, or NULL */
    long timeout_ms;       /* for the whole answer; with `take` or `upload`, for a pause in it */
    size_t answer_max;     /* bytes of the answer that are kept */
    bool json;             /* the answer is to be JSON */
    /* When set, gets the bytes of a 2xx answer instead of `body`; false ends the transfer. */
    bool (*take)(void *context, const char *bytes, size_t length);
    void *context;
};

struct http_answer {
    long status;         /* 0: no answer */
    struct text body;    /* at most answer_max bytes */
    bool cut;            /* it was longer */
    bool hopeless;       /* no answer, and another try can't bring one */
    bool sent;           /* the request, or a part of it, may have reached the other side */
    long retry_after_ms; /* the Retry-After header; 0 when there is none */
    long took_ms;
};

/* False when no whole answer came, with the reason; any status is an answer. The caller frees the
 * answer in any case. */
bool http_call(const struct http_call *call, struct http_answer *answer, struct error *error);
void http_answer_free(struct http_answer *answer);

#endif
