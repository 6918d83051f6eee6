/* http_address.c: web addresses: put together, compared, judged, and as they may be shown. */
#include "steps/http/http_address.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ADDRESS_MAX 8192 /* bytes; servers take no longer ones */

/* NULL when it can't be read. */
static CURLU *parse(const char *url)
{
    CURLU *parts = curl_url();
    if (parts && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK)
        return parts;
    curl_url_cleanup(parts);
    return NULL;
}

/* One part as a text of its own, "" when it isn't there; the caller frees. */
static char *part_of(CURLU *parts, CURLUPart which, unsigned flags)
{
    char *part = NULL;
    char *copy = xstrdup(curl_url_get(parts, which, &part, flags) == CURLUE_OK ? part : "");
    curl_free(part);
    return copy;
}

static bool append_query(CURLU *parts, const cJSON *query)
{
    const cJSON *entry;
    bool good = true;
    cJSON_ArrayForEach(entry, query)
    {
        const char *value = cJSON_GetStringValue(entry);
        char *pair = xprintf("%s=%s", entry->string, value ? value : "");
        good = good && curl_url_set(parts, CURLUPART_QUERY, pair,
                                    CURLU_APPENDQUERY | CURLU_URLENCODE) == CURLUE_OK;
        free(pair);
    }
    return good;
}

static bool is_web(CURLU *parts)
{
    char *scheme = part_of(parts, CURLUPART_SCHEME, 0);
    bool web = !strcmp(scheme, "https") || !strcmp(scheme, "http");
    free(scheme);
    return web;
}

char *http_address(const char *url, const cJSON *query, struct error *error)
{
    CURLU *parts = strlen(url) <= ADDRESS_MAX ? parse(url) : NULL;
    char *address = NULL;
    if (parts && is_web(parts) && append_query(parts, query))
        address = part_of(parts, CURLUPART_URL, 0);
    curl_url_cleanup(parts);
    if (address && strlen(address) <= ADDRESS_MAX)
        return address;
    free(address);
    char *shown = http_shown_address(url);
    error_set(error, ERROR_OTHER, "\"%.200s\" is no web address of at most %d characters", shown,
              ADDRESS_MAX);
    free(shown);
    return NULL;
}

char *http_shown_address(const char *url)
{
    CURLU *parts = parse(url);
    if (!parts)
        return xstrdup("the address");
    static const CURLUPart secret[] = {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_OPTIONS,
                                       CURLUPART_QUERY, CURLUPART_FRAGMENT};
    for (size_t i = 0; i < sizeof secret / sizeof secret[0]; i++)
        curl_url_set(parts, secret[i], NULL, 0);
    char *shown = part_of(parts, CURLUPART_URL, 0);
    curl_url_cleanup(parts);
    return shown;
}

/* "https://host:443", whatever of it is written out. */
static char *origin_of(const char *url)
{
    CURLU *parts = parse(url);
    if (!parts)
        return xstrdup("");
    char *scheme = part_of(parts, CURLUPART_SCHEME, 0);
    char *host = part_of(parts, CURLUPART_HOST, 0);
    char *port = part_of(parts, CURLUPART_PORT, CURLU_DEFAULT_PORT);
    char *origin = xprintf("%s://%s:%s", scheme, host, port);
    free(scheme);
    free(host);
    free(port);
    curl_url_cleanup(parts);
    return origin;
}

bool http_same_origin(const char *left, const char *right)
{
    char *first = origin_of(left), *second = origin_of(right);
    bool same = *first && !strcasecmp(first, second);
    free(first);
    free(second);
    return same;
}

bool http_is_loopback(const char *url)
{
    CURLU *parts = parse(url);
    char *host = parts ? part_of(parts, CURLUPART_HOST, 0) : xstrdup("");
    struct in_addr number;
    bool loopback =
        !strcasecmp(host, "localhost") || !strcmp(host, "[::1]") ||
        (inet_pton(AF_INET, host, &number) == 1 && (ntohl(number.s_addr) >> 24) == IN_LOOPBACKNET);
    free(host);
    curl_url_cleanup(parts);
    return loopback;
}

bool http_is_open(const char *url)
{
    CURLU *parts = parse(url);
    char *scheme = parts ? part_of(parts, CURLUPART_SCHEME, 0) : xstrdup("");
    bool open = strcmp(scheme, "https") != 0 && !http_is_loopback(url);
    free(scheme);
    curl_url_cleanup(parts);
    return open;
}
