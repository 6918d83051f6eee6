/* call.c: single calls of the Docker Engine API, their answers collected or handed on in pieces. */
#include "docker/connection.h"

#include "base/json.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALL_MS 30000L
#define ANSWER_MAX ((size_t)64 << 20)

/* What the callbacks of one transfer share. */
struct transfer {
    CURL *handle;
    const struct docker_request *request;
    struct text refusal; /* the body of a status of 400 and above */
    bool stopped;        /* by `take`, which filled `error` */
    struct error *error;
};

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    size_t length = size * count;
    long status = 0;
    curl_easy_getinfo(transfer->handle, CURLINFO_RESPONSE_CODE, &status);
    if (status >= 400) {
        if (transfer->refusal.length + length > ANSWER_MAX)
            return 0;
        text_append(&transfer->refusal, bytes, length);
        return length;
    }
    if (transfer->request->take(transfer->request->context, bytes, length, transfer->error))
        return length;
    transfer->stopped = true;
    return 0;
}

static void set_request(struct docker *docker, const struct docker_request *request,
                        const char *address, const char *body)
{
    CURL *handle = docker->handle;
    curl_easy_reset(handle);
    docker_configure(docker, handle);
    curl_easy_setopt(handle, CURLOPT_URL, address);
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request->method);
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, request->timeout_ms);
    if (request->silence_ms) {
        curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, request->silence_ms / 1000 + 1);
    }
    if (body || !strcmp(request->method, "POST")) {
        curl_easy_setopt(handle, CURLOPT_COPYPOSTFIELDS, body ? body : "");
        curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request->method);
    }
    if (!strcmp(request->method, "HEAD"))
        curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
}

static CURLcode perform(struct docker *docker, struct transfer *transfer)
{
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    headers = curl_slist_append(headers, "Expect:");
    curl_easy_setopt(docker->handle, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(docker->handle, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(docker->handle, CURLOPT_WRITEDATA, transfer);
    CURLcode code = curl_easy_perform(docker->handle);
    curl_easy_setopt(docker->handle, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(headers);
    return code;
}

bool docker_stream(struct docker *docker, const struct docker_request *request, int *status,
                   cJSON **refusal, struct error *error)
{
    struct transfer transfer = {.handle = docker->handle, .request = request, .error = error};
    char *address =
        xprintf("%s%s%s", docker->base, docker->version ? docker->version : "", request->path);
    char *body = request->body ? cJSON_PrintUnformatted(request->body) : NULL;
    set_request(docker, request, address, body);
    CURLcode code = perform(docker, &transfer);
    long number = 0;
    curl_easy_getinfo(docker->handle, CURLINFO_RESPONSE_CODE, &number);
    *status = (int)number;
    *refusal = transfer.refusal.length
                   ? cJSON_ParseWithLength(transfer.refusal.bytes, transfer.refusal.length)
                   : NULL;
    text_free(&transfer.refusal);
    free(address);
    if (body)
        cJSON_free(body);
    if (code == CURLE_OK || transfer.stopped)
        return code == CURLE_OK;
    cJSON_Delete(*refusal);
    *refusal = NULL;
    return docker_unreachable(docker, docker->handle, code, error);
}

static bool collect(void *context, const char *bytes, size_t length, struct error *error)
{
    struct text *answer = context;
    if (answer->length + length > ANSWER_MAX)
        return error_set(error, ERROR_DOCKER, "Docker's answer is longer than %zu MiB",
                         ANSWER_MAX >> 20);
    text_append(answer, bytes, length);
    return true;
}

bool docker_call(struct docker *docker, const char *method, const char *path, const cJSON *body,
                 long timeout_ms, int *status, cJSON **answer, struct error *error)
{
    struct text bytes = {0};
    cJSON *refusal = NULL;
    if (!timeout_ms)
        timeout_ms = CALL_MS;
    if (docker->limit_ms && docker->limit_ms < timeout_ms)
        timeout_ms = docker->limit_ms;
    struct docker_request request = {
        .method = method,
        .path = path,
        .body = body,
        .timeout_ms = timeout_ms,
        .take = collect,
        .context = &bytes,
    };
    bool called = docker_stream(docker, &request, status, &refusal, error);
    *answer = refusal;
    if (called && !refusal && bytes.length)
        *answer = cJSON_ParseWithLength(bytes.bytes, bytes.length);
    text_free(&bytes);
    return called;
}

const char *docker_message(const cJSON *answer)
{
    const char *message = json_text(answer, "message");
    return message && *message ? message : "the engine gives no reason";
}

bool docker_accepted(int status, cJSON *answer, struct error *error, const char *format, ...)
{
    if (status < 400)
        return true;
    char what[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    error_set(error, ERROR_OTHER, "%s: %s (Docker's status %d)", what, docker_message(answer),
              status);
    cJSON_Delete(answer);
    return false;
}

char *docker_escape(const char *text)
{
    char *escaped = curl_easy_escape(NULL, text, 0);
    char *copy = xstrdup(escaped ? escaped : "");
    curl_free(escaped);
    return copy;
}
