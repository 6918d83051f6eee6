/* http_client.c: one HTTP request and its answer, by libcurl. */
#include "steps/http/http_client.h"

#include "steps/http/http_address.h"

#include "base/clock.h"

#include <ctype.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONNECT_MS 10000L
#define AGENT "pgrunbook"

struct transfer {
    const struct http_call *call;
    struct http_answer *answer;
    CURL *handle;
    unsigned long long given; /* bytes of the upload */
};

static size_t keep(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    struct text *body = &transfer->answer->body;
    size_t length = size * count, limit = transfer->call->answer_max;
    long status = 0;
    curl_easy_getinfo(transfer->handle, CURLINFO_RESPONSE_CODE, &status);
    if (transfer->call->take && status / 100 == 2)
        return transfer->call->take(transfer->call->context, bytes, length) ? length : 0;
    size_t room = body->length < limit ? limit - body->length : 0;
    text_append(body, bytes, length < room ? length : room);
    transfer->answer->cut = transfer->answer->cut || length > room;
    return length;
}

/* A file that has become shorter ends the transfer: the other side was told another size. */
static size_t give(char *buffer, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    const struct http_upload *upload = transfer->call->upload;
    unsigned long long left = upload->size - transfer->given;
    size_t room = size * count < left ? size * count : (size_t)left;
    ssize_t got = room ? pread(upload->file, buffer, room, (off_t)transfer->given) : 0;
    if (got < 0 || (got == 0 && room))
        return CURL_READFUNC_ABORT;
    transfer->given += (unsigned long long)got;
    return (size_t)got;
}

/* libcurl may have to begin anew on another connection. */
static int give_from(void *context, curl_off_t place, int origin)
{
    struct transfer *transfer = context;
    if (origin != SEEK_SET || place < 0)
        return CURL_SEEKFUNC_CANTSEEK;
    transfer->given = (unsigned long long)place;
    return CURL_SEEKFUNC_OK;
}

/* RFC 9110, sections 5.1 and 5.5: a name is a token, and no line ends inside of a value. */
static bool header_valid(const char *name, const char *value)
{
    bool good = *name != '\0';
    for (; good && *name; name++)
        good = isalnum((unsigned char)*name) || strchr("!#$%&'*+-.^_`|~", *name);
    return good && !strpbrk(value, "\r\n");
}

static bool add_header(struct curl_slist **list, const char *name, const char *value,
                       struct error *error)
{
    char *line = xprintf("%s: %s", name, value);
    struct curl_slist *longer = header_valid(name, value) ? curl_slist_append(*list, line) : NULL;
    free(line);
    if (longer)
        *list = longer;
    return longer || error_set(error, ERROR_OTHER, "\"%.60s\" can't be sent as a header", name);
}

static bool is_given(const cJSON *headers, const char *name)
{
    return cJSON_GetObjectItem(headers, name) != NULL; /* in whatever case it is written */
}

/* One whose value is empty, as of a variable that isn't set, is left out. */
static bool add_headers(const struct http_call *call, struct curl_slist **list, struct error *error)
{
    const cJSON *header;
    bool good = true;
    cJSON_ArrayForEach(header, call->headers)
    {
        const char *value = cJSON_GetStringValue(header);
        if (value && *value)
            good = good && add_header(list, header->string, value, error);
    }
    if (good && call->json && !is_given(call->headers, "Accept"))
        good = add_header(list, "Accept", "application/json", error);
    if (good && call->upload && !is_given(call->headers, "Content-Type"))
        good = add_header(list, "Content-Type", "application/octet-stream", error);
    if (good && call->body && !is_given(call->headers, "Content-Type"))
        good = add_header(list, "Content-Type", "application/json", error);
    return good;
}

static void set_times(CURL *handle, const struct http_call *call)
{
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS,
                     call->timeout_ms < CONNECT_MS ? call->timeout_ms : CONNECT_MS);
    if (!call->take && !call->upload) {
        curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, call->timeout_ms);
        return;
    }
    curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, (call->timeout_ms + 999) / 1000);
}

static void set_method(CURL *handle, const struct http_call *call)
{
    if (!strcmp(call->method, "HEAD")) {
        curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
        return;
    }
    if (call->body)
        curl_easy_setopt(handle, CURLOPT_POSTFIELDS, call->body);
    else if (!strcmp(call->method, "POST"))
        curl_easy_setopt(handle, CURLOPT_POSTFIELDS, "");
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, call->method);
}

static void set_upload(CURL *handle, const struct http_call *call, struct transfer *transfer)
{
    if (!call->upload)
        return;
    curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(handle, CURLOPT_INFILESIZE_LARGE, (curl_off_t)call->upload->size);
    curl_easy_setopt(handle, CURLOPT_READFUNCTION, give);
    curl_easy_setopt(handle, CURLOPT_READDATA, transfer);
    curl_easy_setopt(handle, CURLOPT_SEEKFUNCTION, give_from);
    curl_easy_setopt(handle, CURLOPT_SEEKDATA, transfer);
}

static void set_options(CURL *handle, const struct http_call *call, struct transfer *transfer)
{
    curl_easy_setopt(handle, CURLOPT_URL, call->url);
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_USERAGENT, AGENT);
    curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 2L);
    if (call->authority)
        curl_easy_setopt(handle, CURLOPT_CAINFO, call->authority);
    if (http_is_loopback(call->url)) /* a proxy would carry it off this machine */
        curl_easy_setopt(handle, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, transfer);
    set_times(handle, call);
    set_upload(handle, call, transfer);
    set_method(handle, call);
}

static void read_outcome(CURL *handle, struct http_answer *answer)
{
    curl_off_t seconds = 0;
    long bytes = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &answer->status);
    curl_easy_getinfo(handle, CURLINFO_REQUEST_SIZE, &bytes);
    if (curl_easy_getinfo(handle, CURLINFO_RETRY_AFTER, &seconds) == CURLE_OK && seconds > 0)
        answer->retry_after_ms = seconds < 86400 ? (long)seconds * 1000 : 86400000L;
    answer->sent = bytes > 0;
}

static bool no_answer(const struct http_call *call, struct http_answer *answer, CURLcode code,
                      const char *reason, struct error *error)
{
    char *address = http_shown_address(call->url);
    error_set(error, ERROR_OTHER, "%s doesn't answer: %s", address,
              *reason ? reason : curl_easy_strerror(code));
    free(address);
    answer->hopeless = code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE ||
                       code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL ||
                       code == CURLE_WRITE_ERROR || code == CURLE_ABORTED_BY_CALLBACK;
    if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE)
        error_remedy(error, "The other side's certificate can't be trusted, so nothing was sent. "
                            "Where an authority of your own has signed it, name that authority's "
                            "file in the argument ca_file.");
    return false;
}

static bool perform(CURL *handle, const struct http_call *call, struct http_answer *answer,
                    struct error *error)
{
    char reason[CURL_ERROR_SIZE] = "";
    struct transfer transfer = {.call = call, .answer = answer, .handle = handle};
    struct curl_slist *headers = NULL;
    int64_t started = clock_monotonic_ms();
    if (!add_headers(call, &headers, error)) {
        answer->hopeless = true;
        curl_slist_free_all(headers);
        return false;
    }
    set_options(handle, call, &transfer);
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, reason);
    CURLcode code = curl_easy_perform(handle);
    read_outcome(handle, answer);
    answer->took_ms = (long)(clock_monotonic_ms() - started);
    curl_slist_free_all(headers);
    return code == CURLE_OK || no_answer(call, answer, code, reason, error);
}

bool http_call(const struct http_call *call, struct http_answer *answer, struct error *error)
{
    *answer = (struct http_answer){0};
    CURL *handle = curl_easy_init();
    if (!handle)
        return error_set(error, ERROR_OTHER, "libcurl can't be initialised");
    bool answered = perform(handle, call, answer, error);
    curl_easy_cleanup(handle);
    return answered;
}

void http_answer_free(struct http_answer *answer)
{
    text_free(&answer->body);
    *answer = (struct http_answer){0};
}
