/* pg_check_backup.c: pg.check_backup, which reads a backup back and says whether it is whole. */
#include "steps/actions.h"
#include "steps/backup/check_backup.h"
#include "steps/step.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "postgres/dump.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE ((size_t)1 << 20)
#define PROGRESS_EVERY_MS 200

struct reading {
    struct step_run *run;
    const char *path;
    bool named;
    int descriptor;
    unsigned long long size;
    struct dump_scan *scan;
    struct sha256 *hash;
};

/* A way back that needs the backup can't have another one. */
static bool put_back(struct error *error)
{
    return error_remedy(error, "Nothing is removed without it: put the file there as this run "
                               "wrote it, then roll back again.");
}

static bool no_file(const struct step_run *run, const char *path, struct error *error)
{
    error_errno(error, "can't read the backup %s", path);
    if (run->undoing)
        return put_back(error);
    return error_remedy(error, "Check the path (the step's argument from), or take the backup "
                               "again.");
}

static bool open_backup(struct reading *reading, struct error *error)
{
    struct stat status;
    reading->descriptor = open(reading->path, O_RDONLY | O_CLOEXEC);
    if (reading->descriptor < 0 || fstat(reading->descriptor, &status) < 0)
        return no_file(reading->run, reading->path, error);
    if (!S_ISREG(status.st_mode))
        return error_set(error, ERROR_OTHER, "the backup %s is no regular file", reading->path);
    reading->size = (unsigned long long)status.st_size;
    return true;
}

static bool read_all(struct reading *reading, struct error *error)
{
    char *piece = xmalloc(PIECE);
    int64_t reported = 0;
    ssize_t got;
    while ((got = read(reading->descriptor, piece, PIECE)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            break;
        dump_scan_feed(reading->scan, piece, (size_t)got);
        sha256_update(reading->hash, piece, (size_t)got);
        if (clock_monotonic_ms() - reported < PROGRESS_EVERY_MS)
            continue;
        reported = clock_monotonic_ms();
        step_progress(reading->run, (double)dump_scan_summary(reading->scan)->bytes,
                      (double)reading->size, "bytes", NULL);
    }
    free(piece);
    return got == 0 || no_file(reading->run, reading->path, error);
}

static bool changed(const struct step_run *run, const char *path, const char *what,
                    struct error *error)
{
    error_set(error, ERROR_OTHER, "the backup %s has another %s than when it was written", path,
              what);
    if (run->undoing)
        return put_back(error);
    return error_remedy(error, "Something has changed or replaced it: take the backup again.");
}

bool check_backup_recorded(struct step_run *run, const char *path, double bytes, const char *sha256,
                           struct error *error)
{
    const cJSON *fact = step_known(run, "backup");
    if (!text_equal(json_text(fact, "path"), path)) {
        step_check(run, "SHA-256", VERDICT_PASS, "%s (this run didn't write it)", sha256);
        return true;
    }
    if (json_number_at(fact, "bytes") != bytes)
        return changed(run, path, "size", error);
    if (!text_equal(json_text(fact, "sha256"), sha256))
        return changed(run, path, "SHA-256", error);
    step_check(run, "SHA-256", VERDICT_PASS, "%s, as it was written", sha256);
    return true;
}

void check_backup_contents(struct step_run *run, const char *path, double bytes, cJSON *databases)
{
    cJSON *fact = cJSON_CreateObject();
    cJSON_AddStringToObject(fact, "path", path);
    cJSON_AddNumberToObject(fact, "bytes", bytes);
    cJSON_AddItemToObject(fact, "databases", databases);
    step_fact(run, "backup.contents", fact);
}

static void report_contents(const struct reading *reading)
{
    char size[24], rows[32];
    const struct dump_summary *summary = dump_scan_summary(reading->scan);
    cJSON *names = cJSON_CreateArray();
    step_check(reading->run, "size", VERDICT_PASS, "%s",
               text_bytes(size, sizeof size, (double)summary->bytes));
    for (size_t i = 0; i < summary->count; i++) {
        const struct dump_database *database = &summary->databases[i];
        step_check(reading->run, *database->name ? database->name : "database", VERDICT_PASS,
                   "complete: %lld tables, %s rows", database->tables,
                   text_grouped(rows, sizeof rows, database->rows));
        cJSON_AddItemToArray(names, cJSON_CreateString(database->name));
    }
    check_backup_contents(reading->run, reading->path, (double)summary->bytes, names);
}

/* pg_dump's of a single database doesn't say which one it is. */
static bool check_names(const struct reading *reading, struct error *error)
{
    const struct dump_summary *summary = dump_scan_summary(reading->scan);
    for (size_t i = 0; reading->named && i < summary->count; i++) {
        if (*summary->databases[i].name)
            continue;
        error_set(error, ERROR_OTHER, "the backup %s doesn't say which database it is of",
                  reading->path);
        return error_remedy(error, "Take it by pg_dumpall, by pg.backup of a runbook, or, of a "
                                   "single database, by pg_dump --create --no-owner --no-acl.");
    }
    return true;
}

static bool check_backup(struct reading *reading, struct error *error)
{
    char sha256[SHA256_HEX_SIZE];
    if (!open_backup(reading, error) || !read_all(reading, error) ||
        !dump_is_whole(dump_scan_summary(reading->scan), reading->path, error) ||
        !check_names(reading, error))
        return false;
    sha256_finish(reading->hash, sha256);
    reading->hash = NULL;
    if (!check_backup_recorded(reading->run, reading->path, (double)reading->size, sha256, error))
        return false;
    report_contents(reading);
    return true;
}

bool check_backup_file(struct step_run *run, const char *path, bool named, struct error *error)
{
    char ignored[SHA256_HEX_SIZE];
    struct reading reading = {.run = run,
                              .path = path,
                              .named = named,
                              .descriptor = -1,
                              .scan = dump_scan_new(),
                              .hash = sha256_new()};
    bool whole = check_backup(&reading, error);
    if (reading.descriptor >= 0)
        close(reading.descriptor);
    if (reading.hash)
        sha256_finish(reading.hash, ignored);
    dump_scan_free(reading.scan);
    return whole;
}

static bool run_check_backup(struct step_run *run, struct error *error)
{
    struct stat status;
    char *path = step_path(run, "from");
    if (run->planning && !file_exists(path)) {
        step_log(run, "%s isn't there yet: nothing to look at", path);
        free(path);
        return true;
    }
    bool directory = stat(path, &status) == 0 && S_ISDIR(status.st_mode);
    bool whole = directory ? check_backup_directory(run, path, error)
                           : check_backup_file(run, path, step_boolean(run, "named"), error);
    if (!whole)
        step_check(run, "backup", VERDICT_FAIL, "%s", error->message);
    free(path);
    return whole;
}

static const struct argument check_backup_arguments[] = {
    {"from", ARGUMENT_PATH, true, NULL, NULL, "the backup's file or directory"},
    {"image", ARGUMENT_TEXT, false, NULL, NULL,
     "of a directory: the image whose pg_restore reads it; else the one whose pg_dump wrote it"},
    {"named", ARGUMENT_BOOLEAN, false, "no", NULL,
     "every database has to be named in it, as pg.compare_backup needs"},
    {NULL, ARGUMENT_TEXT, false, NULL, NULL, NULL},
};

const struct action pg_check_backup_action = {
    .name = "pg.check_backup",
    .danger = DANGER_READ,
    .help = "reads a backup back: sizes and SHA-256, that every database is complete",
    .arguments = check_backup_arguments,
    .run = run_check_backup,
};
