/* http_upload.c: http.upload, which sends a file to a web address by PUT and reads it back. */
#include "steps/actions.h"
#include "steps/http/http_address.h"
#include "steps/http/http_exchange.h"
#include "steps/http/http_progress.h"

#include "base/file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct reading {
    struct step_run *run;
    struct sha256 *hash;
    unsigned long long size, expected;
    int64_t reported_ms;
};

static bool take(void *context, const char *bytes, size_t length)
{
    struct reading *reading = context;
    reading->size += length;
    sha256_update(reading->hash, bytes, length);
    http_progress(reading->run, &reading->reported_ms, reading->size, reading->expected,
                  "reading it back");
    return reading->size <= reading->expected;
}

static bool differs(const char *shown, struct error *error)
{
    error_set(error, ERROR_OTHER, "what %s gives back isn't the file that was sent", shown);
    return error_remedy(error, "Don't rely on that copy. See what stores it there, and send it "
                               "again.");
}

/* One try: a second one would go on with the hash of the first. */
static bool read_back(const struct http_exchange *sent, const char *url, const char *sha256,
                      struct error *error)
{
    struct http_exchange exchange = *sent;
    struct reading reading = {
        .run = sent->run, .hash = sha256_new(), .expected = sent->call.upload->size};
    struct http_answer answer;
    enum http_outcome outcome;
    char hex[SHA256_HEX_SIZE], *shown = http_shown_address(url);
    exchange.call.method = "GET";
    exchange.expect = NULL; /* `expect` is what a PUT answers with */
    exchange.call.upload = NULL;
    exchange.call.take = take;
    exchange.call.context = &reading;
    exchange.repeatable = false;
    bool read = http_exchange(&exchange, url, &answer, &outcome, error);
    sha256_finish(reading.hash, hex);
    bool same = read && !strcmp(hex, sha256);
    if (reading.size > reading.expected || (read && !same))
        differs(shown, error);
    if (same)
        step_check(sent->run, "SHA-256", VERDICT_PASS, "%s, read back from %s", hex, shown);
    http_answer_free(&answer);
    free(shown);
    return same;
}

static bool send_file(struct http_exchange *exchange, const char *url, struct error *error)
{
    struct http_answer answer;
    enum http_outcome outcome;
    char size[24];
    bool sent = http_exchange(exchange, url, &answer, &outcome, error);
    if (sent)
        step_log(exchange->run, "sent %s: status %ld",
                 text_bytes(size, sizeof size, (double)exchange->call.upload->size), answer.status);
    http_answer_free(&answer);
    return sent;
}

static bool open_file(const char *path, struct http_upload *upload, struct error *error)
{
    struct stat status;
    upload->file = open(path, O_RDONLY | O_CLOEXEC);
    if (upload->file < 0 || fstat(upload->file, &status) != 0)
        return error_errno(error, "can't read %s", path);
    upload->size = (unsigned long long)status.st_size;
    return S_ISREG(status.st_mode) || error_set(error, ERROR_OTHER, "%s is no regular file", path);
}

/* RFC 9110, section 9.3.4: PUT replaces what is there, so it may be repeated. */
static bool run_upload(struct step_run *run, struct error *error)
{
    struct http_exchange exchange;
    struct http_upload upload = {.file = -1};
    char sha256[SHA256_HEX_SIZE], *path = step_path(run, "file");
    const char *from = step_text(run, "read_from");
    http_exchange_open(&exchange, run);
    exchange.call.method = "PUT";
    exchange.call.json = false;
    exchange.call.upload = &upload;
    char *url = http_address(step_text(run, "url"), NULL, error);
    bool done = url && open_file(path, &upload, error) && sha256_file(path, sha256, error) &&
                send_file(&exchange, url, error) &&
                read_back(&exchange, from && *from ? from : url, sha256, error);
    if (upload.file >= 0)
        close(upload.file);
    free(url);
    free(path);
    http_exchange_close(&exchange);
    return done;
}

static const struct argument arguments[] = {
    {"file", ARGUMENT_PATH, true, NULL, NULL, "the file to send"},
    {"url", ARGUMENT_TEXT, true, NULL, NULL,
     "where to: https, or http to this machine itself; the certificate is always verified"},
    {"headers", ARGUMENT_MAP, false, NULL, NULL, "headers, for both ways; they may hold secrets"},
    {"read_from", ARGUMENT_TEXT, false, NULL, NULL,
     "where it is read back from, by GET; by default the same address"},
    {"expect", ARGUMENT_LIST, false, NULL, NULL,
     "statuses of the PUT that are right; by default 2xx"},
    {"timeout", ARGUMENT_DURATION, false, "30s", NULL, "time without a byte"},
    {"attempts", ARGUMENT_INTEGER, false, "5", NULL, "how often it is tried"},
    {"pause", ARGUMENT_DURATION, false, "1s", NULL, "before the second try, doubled each time"},
    {"ca_file", ARGUMENT_PATH, false, NULL, NULL,
     "certificate authorities (PEM) in place of the system's"},
    {"allow_http", ARGUMENT_BOOLEAN, false, "no", NULL,
     "yes: http to other machines, where no secret is sent"},
    {0},
};

const struct action http_upload_action = {
    .name = "http.upload",
    .danger = DANGER_CHANGE,
    .help = "send a file to a web address by PUT, read it back and compare the SHA-256",
    .arguments = arguments,
    .run = run_upload,
};
