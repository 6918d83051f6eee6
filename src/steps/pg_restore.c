/* pg_restore.c: pg.restore, which feeds a plain SQL backup to psql in the new server's container.
 */
#include "steps/actions.h"
#include "steps/pg_tool.h"
#include "steps/restore_indexes.h"
#include "steps/restore_messages.h"
#include "steps/restore_target.h"
#include "steps/restore_tuning.h"

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
#define LABEL_SIZE 160

struct restore {
    struct step_run *run;
    struct server_access access;
    char *path;
    int descriptor;
    double size, sent;                     /* bytes */
    int64_t began_ms, reported_ms, fed_ms; /* monotonic */
    struct text_list databases;
    struct message_setting setting;
    struct restore_messages *messages;
    struct restore_indexes *indexes;
};

static void report_progress(struct restore *restore, const char *label)
{
    restore->reported_ms = clock_monotonic_ms();
    step_progress(restore->run, restore->sent, restore->size, "bytes", label);
}

/* After the first failure nothing more is sent: what follows it in the dump would fail as well. */
static long feed(void *context, char *buffer, size_t size, struct error *error)
{
    struct restore *restore = context;
    ssize_t got;
    if (restore_messages_failed(restore->messages))
        return 0;
    do
        got = read(restore->descriptor, buffer, size);
    while (got < 0 && errno == EINTR);
    if (got < 0) {
        error_errno(error, "can't read the backup %s", restore->path);
        return -1;
    }
    restore->sent += (double)got;
    restore->fed_ms = clock_monotonic_ms();
    if (restore->fed_ms - restore->reported_ms >= PROGRESS_EVERY_MS)
        report_progress(restore, NULL);
    return got;
}

static bool take_messages(void *context, const char *bytes, size_t length, struct error *error)
{
    struct restore *restore = context;
    (void)error;
    restore_messages_take(restore->messages, bytes, length);
    return true;
}

/* psql takes nothing while the server builds an index: then that is what is going on. */
static bool tick(void *context, struct error *error)
{
    struct restore *restore = context;
    char label[LABEL_SIZE];
    (void)error;
    if (clock_monotonic_ms() - restore->fed_ms < PROGRESS_EVERY_MS)
        return true;
    bool building = restore_indexes_look(restore->indexes, label, sizeof label);
    report_progress(restore, building ? label : NULL);
    return true;
}

static bool run_psql(struct restore *restore, struct error *error)
{
    static const char *const arguments[] = {
        "psql", "-X", "-q", "-b", "-o", "/dev/null", "-v", "ON_ERROR_STOP=0", "-f", "-", NULL};
    struct restore_memory memory;
    struct text options = {0};
    int exit_status = -1;
    restore_memory_read(&restore->access, &memory);
    restore_tuning(&memory, &options);
    step_log(restore->run, "session settings: %s", text_string(&options));
    struct pg_tool tool = {.access = &restore->access,
                           .arguments = arguments,
                           .database = "postgres",
                           .options = text_string(&options),
                           .read = feed,
                           .write_error = take_messages,
                           .tick = tick,
                           .context = restore};
    bool ran = pg_tool_run(&tool, &exit_status, error);
    text_free(&options);
    if (!restore_messages_judge(restore->messages, ran ? error : NULL) || !ran)
        return false;
    if (exit_status != 0)
        return pg_tool_failed(&tool, exit_status, restore_messages_last(restore->messages), error);
    if (restore->sent < restore->size)
        return error_set(error, ERROR_OTHER, "psql ended after %.0f of the backup's %.0f bytes",
                         restore->sent, restore->size);
    return true;
}

static bool open_backup(struct restore *restore, struct error *error)
{
    struct stat status;
    restore->descriptor = open(restore->path, O_RDONLY | O_CLOEXEC);
    if (restore->descriptor < 0 || fstat(restore->descriptor, &status) < 0) {
        error_errno(error, "can't read the backup %s", restore->path);
        return error_remedy(error, "Check the path (variable backup_dir).");
    }
    restore->size = (double)status.st_size;
    const cJSON *fact = step_known(restore->run, "backup");
    if (!text_equal(json_text(fact, "path"), restore->path) ||
        json_number_at(fact, "bytes") == restore->size)
        return true;
    error_set(error, ERROR_OTHER, "the backup %s has another size than when it was written",
              restore->path);
    return error_remedy(error, "Something has changed it: take the backup again.");
}

/* Names from a fact of the backup or of its check. */
static bool known_databases(struct restore *restore, const char *key)
{
    const cJSON *fact = step_known(restore->run, key), *name;
    if (!text_equal(json_text(fact, "path"), restore->path) ||
        json_number_at(fact, "bytes") != restore->size)
        return false;
    cJSON_ArrayForEach(name, cJSON_GetObjectItemCaseSensitive(fact, "databases"))
    {
        text_list_add(&restore->databases, cJSON_GetStringValue(name));
    }
    return restore->databases.count > 0;
}

static bool scan_databases(struct restore *restore, struct error *error)
{
    char *piece = xmalloc(PIECE);
    struct dump_scan *scan = dump_scan_new();
    ssize_t got;
    while ((got = read(restore->descriptor, piece, PIECE)) > 0 || (got < 0 && errno == EINTR))
        if (got > 0)
            dump_scan_feed(scan, piece, (size_t)got);
    bool whole = got == 0 ? dump_is_whole(dump_scan_summary(scan), restore->path, error)
                          : error_errno(error, "can't read the backup %s", restore->path);
    const struct dump_summary *summary = dump_scan_summary(scan);
    for (size_t i = 0; whole && i < summary->count; i++)
        text_list_add(&restore->databases, summary->databases[i].name);
    dump_scan_free(scan);
    free(piece);
    if (whole && lseek(restore->descriptor, 0, SEEK_SET) < 0)
        whole = error_errno(error, "can't go back to the beginning of %s", restore->path);
    return whole;
}

static bool restore_all(struct restore *restore, struct error *error)
{
    bool listed = known_databases(restore, "backup") ||
                  known_databases(restore, "backup.contents") || scan_databases(restore, error);
    if (!listed || !restore_target_prepare(restore->run, &restore->access, &restore->databases,
                                           &restore->setting.again, error))
        return false;
    restore->setting.user = restore->access.parameters.user;
    restore->messages = restore_messages_open(restore->run, &restore->setting, error);
    restore->indexes = restore_indexes_new(&restore->access);
    restore->began_ms = restore->fed_ms = clock_monotonic_ms();
    return restore->messages && run_psql(restore, error);
}

static void record(struct restore *restore)
{
    char size[24], took[24];
    long milliseconds = (long)(clock_monotonic_ms() - restore->began_ms);
    cJSON *fact = cJSON_CreateObject();
    cJSON_AddStringToObject(fact, "container", restore->access.found.id);
    cJSON_AddStringToObject(fact, "path", restore->path);
    cJSON_AddNumberToObject(fact, "bytes", restore->size);
    cJSON_AddNumberToObject(fact, "ms", (double)milliseconds);
    step_fact(restore->run, "restore", fact);
    report_progress(restore, NULL);
    step_check(restore->run, "restored", VERDICT_PASS, "%s, %zu databases, in %s",
               text_bytes(size, sizeof size, restore->size), restore->databases.count,
               text_duration(took, sizeof took, milliseconds));
}

static bool run_restore(struct step_run *run, struct error *error)
{
    struct restore restore = {.run = run, .path = step_path(run, "from"), .descriptor = -1};
    bool done = open_backup(&restore, error) &&
                server_find(run, step_text(run, "server"), &restore.access, error) &&
                server_needs_container(&restore.access, error) && restore_all(&restore, error);
    if (done)
        record(&restore);
    restore_indexes_free(restore.indexes);
    restore_messages_close(restore.messages);
    server_free(&restore.access);
    text_list_free(&restore.databases);
    if (restore.descriptor >= 0)
        close(restore.descriptor);
    free(restore.path);
    return done;
}

static const struct argument restore_arguments[] = {
    {"server", ARGUMENT_SERVER, true, NULL, NULL, "the new, empty server"},
    {"from", ARGUMENT_PATH, true, NULL, NULL, "the backup's file"},
    {NULL, ARGUMENT_TEXT, false, NULL, NULL, NULL},
};

const struct action pg_restore_action = {
    .name = "pg.restore",
    .danger = DANGER_CHANGE,
    .help = "restores a plain SQL backup into a new server and judges every message",
    .arguments = restore_arguments,
    .run = run_restore,
};
