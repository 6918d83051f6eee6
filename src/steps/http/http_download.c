/* http_download.c: a file fetched from an address that an answer gave. */
#include "steps/http/http_download.h"

#include "steps/http/http_address.h"
#include "steps/http/http_progress.h"
#include "steps/http/http_trouble.h"
#include "steps/part_file.h"

#include "base/file.h"
#include "base/json.h"
#include "base/json_path.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MESSAGE_MAX 65536

struct download {
    struct step_run *run;
    char *path;
    char *part; /* the file until it is whole */
    int file;
    bool replaces; /* what an earlier try of this run has made */
    struct sha256 *hash;
    char hex[SHA256_HEX_SIZE]; /* of all of it */
    unsigned long long size;
    unsigned long long limit;
    int64_t reported_ms;
    bool too_large;
    int trouble; /* errno of writing, 0 */
};

static bool take(void *context, const char *bytes, size_t length)
{
    struct download *download = context;
    download->size += length;
    download->too_large = download->limit && download->size > download->limit;
    if (download->too_large)
        return false;
    if (!file_write_all(download->file, bytes, length)) {
        download->trouble = errno;
        return false;
    }
    sha256_update(download->hash, bytes, length);
    http_progress(download->run, &download->reported_ms, download->size, 0, "downloading");
    return true;
}

/* The fact that says this run has made the file, so that another try may replace it. */
static char *own_key(const struct step_run *run)
{
    char *key = xprintf("download.%s", run->path);
    for (char *c = key; *c; c++)
        if (*c == '/')
            *c = '.';
    return key;
}

/* Whether the file that is there is byte for byte what an earlier try of this run has put there. */
static bool is_own(const struct download *download)
{
    char *key = own_key(download->run), hex[SHA256_HEX_SIZE];
    const cJSON *own = step_known(download->run, key);
    const char *path = json_text(own, "path"), *digest = json_text(own, "sha256");
    struct error ignored = ERROR_INIT;
    bool same = digest && text_equal(path, download->path) &&
                sha256_file(download->path, hex, &ignored) && text_equal(digest, hex);
    free(key);
    return same;
}

/* A file that somebody else has made stays. */
static bool check_place(struct download *download, struct error *error)
{
    if (!file_exists(download->path))
        return true;
    download->replaces = is_own(download);
    if (download->replaces)
        return true;
    error_set(error, ERROR_OTHER, "there is a file %s already", download->path);
    return error_remedy(error, "It stays as it is: name another file, or move that one away.");
}

static bool begin(struct download *download, struct error *error)
{
    char *copy = xstrdup(download->path);
    bool good = check_place(download, error) && file_make_directories(dirname(copy), 0700, error);
    free(copy);
    if (!good)
        return false;
    download->part = part_name(download->run, download->path);
    download->file = part_create(download->part, 0600, error);
    download->hash = sha256_new();
    return download->file >= 0;
}

static bool explain(const struct download *download, const struct http_answer *answer,
                    bool answered, struct error *error)
{
    struct text message = {0};
    char size[32];
    if (download->too_large)
        return error_set(error, ERROR_OTHER, "the file is larger than %s",
                         text_bytes(size, sizeof size, (double)download->limit));
    if (download->trouble) {
        errno = download->trouble;
        return error_errno(error, "can't write %s", download->part);
    }
    if (!answered)
        return false;
    if (answer->status / 100 == 2)
        return download->size > 0 || error_set(error, ERROR_OTHER, "the file is empty");
    http_answer_message(answer, &message);
    error_set(error, ERROR_OTHER, "the download is answered with status %ld%s%s", answer->status,
              message.length ? ": " : "", text_string(&message));
    text_free(&message);
    return http_status_remedy(answer->status, error);
}

/* libcurl compares what came with the Content-Length: a transfer that was cut off is a failure. */
static bool fetch(struct download *download, const struct http_exchange *exchange, const char *url,
                  struct error *error)
{
    const struct http_call call = {.method = "GET",
                                   .url = url,
                                   .authority = exchange->authority,
                                   .timeout_ms = exchange->call.timeout_ms,
                                   .answer_max = MESSAGE_MAX,
                                   .take = take,
                                   .context = download};
    struct http_answer answer;
    bool answered = http_call(&call, &answer, error);
    bool good = explain(download, &answer, answered, error);
    http_answer_free(&answer);
    return good;
}

static bool replace(const struct download *download, struct error *error)
{
    char *copy = xstrdup(download->path);
    bool good = rename(download->part, download->path) == 0 ||
                error_errno(error, "can't put %s in its place", download->path);
    good = good && file_sync_directory(dirname(copy), error);
    free(copy);
    return good;
}

static cJSON *fact_of(const struct download *download)
{
    cJSON *value = cJSON_CreateObject();
    cJSON_AddStringToObject(value, "path", download->path);
    cJSON_AddNumberToObject(value, "bytes", (double)download->size);
    cJSON_AddStringToObject(value, "sha256", download->hex);
    return value;
}

/* On disk before the file has its name, so that whoever comes after a crash knows it. */
static bool record(const struct download *download, struct error *error)
{
    char *key = own_key(download->run);
    cJSON *facts = cJSON_CreateObject();
    bool on_record = true;
    cJSON_AddItemToObject(facts, key, fact_of(download));
    if (download->run->undoing) { /* nothing waits for the disk on the way back */
        step_fact(download->run, key, cJSON_DetachItemViaPointer(facts, facts->child));
        cJSON_Delete(facts);
    } else {
        on_record = step_facts_kept(download->run, facts, error);
    }
    free(key);
    return on_record;
}

static bool put_in_place(struct download *download, struct error *error)
{
    if (fsync(download->file) != 0)
        return error_errno(error, "can't write %s", download->part);
    sha256_finish(download->hash, download->hex);
    download->hash = NULL;
    if (!record(download, error))
        return false;
    return download->replaces ? replace(download, error)
                              : file_rename_new(download->part, download->path, error);
}

static void finish(struct download *download, bool whole)
{
    char size[32];
    if (download->hash)
        sha256_finish(download->hash, download->hex);
    if (download->file >= 0)
        close(download->file);
    if (!whole && download->part)
        unlink(download->part);
    if (whole)
        step_check(download->run, "download", VERDICT_PASS, "%s: %s, SHA-256 %s", download->path,
                   text_bytes(size, sizeof size, (double)download->size), download->hex);
    free(download->part);
    free(download->path);
}

/* The address at the path `download`, NULL with an error when there is none. */
static const char *address_in(const struct step_run *run, const cJSON *answer, struct error *error)
{
    const cJSON *item = NULL;
    const char *path = step_text(run, "download");
    if (!json_path_find(answer, path, &item, error))
        return NULL;
    if (cJSON_IsString(item) && *item->valuestring)
        return item->valuestring;
    error_set(error, ERROR_OTHER, "the answer has no address at \"%s\"", path);
    return NULL;
}

bool http_download(const struct http_exchange *exchange, const cJSON *answer, struct error *error)
{
    struct step_run *run = exchange->run;
    char *path = step_path(run, "save_to");
    if (!path || !step_text(run, "download") || run->planning) {
        free(path);
        return true;
    }
    struct download download = {
        .run = run, .path = path, .file = -1, .limit = step_size(run, "save_max")};
    const char *url = address_in(run, answer, error);
    bool whole = url && http_may_send(exchange, url, error) && begin(&download, error) &&
                 fetch(&download, exchange, url, error) && put_in_place(&download, error);
    finish(&download, whole);
    return whole || error_wrap(error, "the download");
}
