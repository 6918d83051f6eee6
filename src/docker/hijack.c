/* hijack.c: a call whose connection becomes a plain two-way stream, over libcurl's raw sockets. */
#include "docker/hijack.h"

#include "base/clock.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#define ANSWER_MS 30000
#define HEADERS_MAX ((size_t)64 << 10)

static bool ready(const struct hijack *hijack, short events, int64_t deadline)
{
    int64_t left = deadline - clock_monotonic_ms();
    struct pollfd entry = {.fd = hijack->socket, .events = events};
    return left > 0 && poll(&entry, 1, (int)left) >= 0;
}

static bool send_all(struct hijack *hijack, const struct text *bytes, struct error *error)
{
    int64_t deadline = clock_monotonic_ms() + ANSWER_MS;
    size_t done = 0;
    while (done < bytes->length) {
        size_t count = 0;
        if (!hijack_send(hijack, bytes->bytes + done, bytes->length - done, &count))
            return docker_unreachable(hijack->docker, hijack->handle, CURLE_SEND_ERROR, error);
        done += count;
        if (count == 0 && !ready(hijack, POLLOUT, deadline))
            return docker_unreachable(hijack->docker, hijack->handle, CURLE_OPERATION_TIMEDOUT,
                                      error);
    }
    return true;
}

static bool send_request(struct hijack *hijack, const char *path, const cJSON *body,
                         struct error *error)
{
    char *json = cJSON_PrintUnformatted(body);
    struct text request = {0};
    text_printf(&request,
                "POST %s%s HTTP/1.1\r\nHost: docker\r\nContent-Type: application/json\r\n"
                "Connection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: %zu\r\n\r\n%s",
                hijack->docker->version, path, strlen(json), json);
    cJSON_free(json);
    bool sent = send_all(hijack, &request, error);
    text_free(&request);
    return sent;
}

/* Reads until `bytes` holds `wanted` bytes, or (wanted 0) the end of the headers, whose length it
 * returns; 0 when that doesn't come in time. */
static size_t read_until(struct hijack *hijack, struct text *bytes, size_t wanted,
                         struct error *error)
{
    int64_t deadline = clock_monotonic_ms() + ANSWER_MS;
    char buffer[4096];
    bool ended = false;
    while (!ended) {
        const char *end =
            wanted || !bytes->length ? NULL : memmem(bytes->bytes, bytes->length, "\r\n\r\n", 4);
        if (end)
            return (size_t)(end - bytes->bytes) + 4;
        if (wanted && bytes->length >= wanted)
            return wanted;
        size_t count = 0;
        if (bytes->length > HEADERS_MAX ||
            !hijack_receive(hijack, buffer, sizeof buffer, &count, &ended, error))
            return 0;
        text_append(bytes, buffer, count);
        if (count == 0 && !ended && !ready(hijack, POLLIN, deadline))
            break;
    }
    return 0;
}

static size_t content_length(const char *headers)
{
    const char *found = strcasestr(headers, "\r\nContent-Length:");
    long length = found ? strtol(found + 17, NULL, 10) : 0;
    return length > 0 && (size_t)length < HEADERS_MAX ? (size_t)length : 0;
}

static bool refused(struct hijack *hijack, int status, size_t headers, struct error *error)
{
    size_t length = content_length(text_string(&hijack->rest));
    struct error ignored = ERROR_INIT;
    text_consume(&hijack->rest, headers);
    if (length)
        read_until(hijack, &hijack->rest, length, &ignored);
    cJSON *answer =
        hijack->rest.length ? cJSON_ParseWithLength(hijack->rest.bytes, hijack->rest.length) : NULL;
    error_set(error, ERROR_OTHER, "%s (Docker's status %d)", docker_message(answer), status);
    cJSON_Delete(answer);
    return false;
}

/* The three digits of "HTTP/1.1 101 UPGRADED"; 0 when that isn't what was answered. */
static int answer_status(const char *answer)
{
    char digits[4] = "";
    long status = 0;
    const char *space = text_starts(answer, "HTTP/1.") ? strchr(answer, ' ') : NULL;
    if (space)
        snprintf(digits, sizeof digits, "%s", space + 1);
    return text_to_long(digits, 100, 599, &status) ? (int)status : 0;
}

static bool read_answer(struct hijack *hijack, struct error *error)
{
    size_t headers = read_until(hijack, &hijack->rest, 0, error);
    const char *answer = text_string(&hijack->rest);
    if (headers == 0)
        return docker_unreachable(hijack->docker, hijack->handle, CURLE_OPERATION_TIMEDOUT, error);
    int status = answer_status(answer);
    if (status != 101 && status != 200)
        return refused(hijack, status, headers, error);
    text_consume(&hijack->rest, headers);
    return true;
}

bool hijack_open(struct docker *docker, const char *path, const cJSON *body, struct hijack *hijack,
                 struct error *error)
{
    *hijack = (struct hijack){.docker = docker, .handle = curl_easy_init(), .socket = -1};
    if (!hijack->handle)
        return error_set(error, ERROR_OTHER, "libcurl can't be initialised");
    docker_configure(docker, hijack->handle);
    /* A command that reads nothing for an hour is well; the user time-out takes its full window for
     * silence, though every probe is answered. The system's own counts what isn't. Source: tcp(7),
     * TCP_USER_TIMEOUT; tcp_retries2. */
    curl_easy_setopt(hijack->handle, CURLOPT_SOCKOPTFUNCTION, NULL);
    curl_easy_setopt(hijack->handle, CURLOPT_URL, docker->base);
    curl_easy_setopt(hijack->handle, CURLOPT_CONNECT_ONLY, 1L);
    CURLcode code = curl_easy_perform(hijack->handle);
    curl_socket_t socket = CURL_SOCKET_BAD;
    if (code == CURLE_OK)
        code = curl_easy_getinfo(hijack->handle, CURLINFO_ACTIVESOCKET, &socket);
    if (code != CURLE_OK || socket == CURL_SOCKET_BAD)
        return docker_unreachable(docker, hijack->handle, code, error);
    hijack->socket = socket;
    hijack->secure = docker->endpoint.certificates != NULL;
    return send_request(hijack, path, body, error) && read_answer(hijack, error);
}

bool hijack_receive(struct hijack *hijack, char *buffer, size_t size, size_t *count, bool *ended,
                    struct error *error)
{
    *count = 0;
    CURLcode code = curl_easy_recv(hijack->handle, buffer, size, count);
    if (code == CURLE_AGAIN)
        return true;
    *ended = code == CURLE_OK && *count == 0;
    if (code == CURLE_OK)
        return true;
    return docker_unreachable(hijack->docker, hijack->handle, code, error);
}

bool hijack_send(struct hijack *hijack, const char *bytes, size_t length, size_t *count)
{
    *count = 0;
    CURLcode code = curl_easy_send(hijack->handle, bytes, length, count);
    return code == CURLE_OK || code == CURLE_AGAIN;
}

/* NULL when libcurl's TLS isn't OpenSSL. */
static SSL *secure_session(const struct hijack *hijack)
{
    struct curl_tlssessioninfo *session = NULL;
    bool known = hijack->secure &&
                 curl_easy_getinfo(hijack->handle, CURLINFO_TLS_SSL_PTR, &session) == CURLE_OK;
    return known && session && session->backend == CURLSSLBACKEND_OPENSSL ? session->internals
                                                                          : NULL;
}

/* Over TLS the end has to be said in TLS ("close notify"), for which there may be no room yet.
 * Source: OpenSSL manual, SSL_shutdown(3), "RETURN VALUES". */
bool hijack_end_input(struct hijack *hijack)
{
    SSL *session = secure_session(hijack);
    if (!session) {
        shutdown(hijack->socket, SHUT_WR);
        return true;
    }
    ERR_clear_error();
    int result = SSL_shutdown(session);
    return result >= 0 || SSL_get_error(session, result) != SSL_ERROR_WANT_WRITE;
}

bool hijack_broke(struct hijack *hijack)
{
    return tunnel_broke(&hijack->docker->tunnels, hijack->socket);
}

void hijack_close(struct hijack *hijack)
{
    if (hijack->handle)
        curl_easy_cleanup(hijack->handle);
    text_free(&hijack->rest);
    hijack->handle = NULL;
    hijack->socket = -1;
}
