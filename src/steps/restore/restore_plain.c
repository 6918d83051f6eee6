/* restore_plain.c: a plain SQL backup, fed to psql in the new server's container. */
#include "steps/restore/restore.h"
#include "steps/server/pg_tool.h"

#include "base/clock.h"
#include "base/json.h"
#include "postgres/dump.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE ((size_t)1 << 20)

struct plain {
    int file;
};

/* What is fed to psql. */
struct feeding {
    struct restore *restore;
    int file;
    bool ended;
};

/* After the first failure nothing more is sent: what follows it in the dump would fail as well. */
static long feed(void *context, char *buffer, size_t size, struct error *error)
{
    struct feeding *feeding = context;
    ssize_t got;
    if (restore_messages_failed(feeding->restore->messages))
        return 0;
    do
        got = read(feeding->file, buffer, size);
    while (got < 0 && errno == EINTR);
    if (got < 0) {
        error_errno(error, "can't read the backup %s", feeding->restore->path);
        return -1;
    }
    feeding->ended = got == 0;
    restore_went_on(feeding->restore, (double)got);
    return got;
}

static bool take_words(void *context, const char *bytes, size_t length, struct error *error)
{
    return restore_take_words(((struct feeding *)context)->restore, bytes, length, error);
}

static bool tick(void *context, struct error *error)
{
    return restore_tick(((struct feeding *)context)->restore, error);
}

bool restore_by_psql(struct restore *restore, int file, const char *options, struct error *error)
{
    static const char *const arguments[] = {
        "psql", "-X", "-q", "-b", "-o", "/dev/null", "-v", "ON_ERROR_STOP=0", "-f", "-", NULL};
    int exit_status = -1;
    struct feeding feeding = {.restore = restore, .file = file};
    struct pg_tool tool = {.access = &restore->access,
                           .arguments = arguments,
                           .database = "postgres",
                           .options = options,
                           .read = feed,
                           .write_error = take_words,
                           .tick = tick,
                           .context = &feeding};
    if (!pg_tool_run(&tool, &exit_status, error))
        return false;
    if (restore_messages_failed(restore->messages))
        return true; /* theirs is the better error */
    if (exit_status != 0)
        return pg_tool_failed(&tool, exit_status, restore_messages_last(restore->messages), error);
    return feeding.ended ||
           error_set(error, ERROR_OTHER, "psql ended after %.0f of the backup's %.0f bytes",
                     restore->sent, restore->size);
}

static bool open_backup(struct restore *restore, const cJSON *fact, struct error *error)
{
    struct plain *plain = restore->state = xcalloc(1, sizeof *plain);
    struct stat status;
    plain->file = open(restore->path, O_RDONLY | O_CLOEXEC);
    if (plain->file < 0 || fstat(plain->file, &status) < 0) {
        error_errno(error, "can't read the backup %s", restore->path);
        return error_remedy(error, "Check the path (the step's argument from).");
    }
    restore->size = restore->text_bytes = (double)status.st_size;
    return !fact || json_number_at(fact, "bytes") == restore->size ||
           restore_changed(restore, "size", error);
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

static bool scan_databases(struct restore *restore, int file, struct error *error)
{
    char *piece = xmalloc(PIECE);
    struct dump_scan *scan = dump_scan_new();
    ssize_t got;
    while ((got = read(file, piece, PIECE)) > 0 || (got < 0 && errno == EINTR))
        if (got > 0)
            dump_scan_feed(scan, piece, (size_t)got);
    bool whole = got == 0 ? dump_is_whole(dump_scan_summary(scan), restore->path, error)
                          : error_errno(error, "can't read the backup %s", restore->path);
    const struct dump_summary *summary = dump_scan_summary(scan);
    for (size_t i = 0; whole && i < summary->count; i++)
        text_list_add(&restore->databases, summary->databases[i].name);
    dump_scan_free(scan);
    free(piece);
    if (whole && lseek(file, 0, SEEK_SET) < 0)
        whole = error_errno(error, "can't go back to the beginning of %s", restore->path);
    return whole;
}

static bool list(struct restore *restore, struct error *error)
{
    const struct plain *plain = restore->state;
    return known_databases(restore, "backup") || known_databases(restore, "backup.contents") ||
           scan_databases(restore, plain->file, error);
}

static bool run(struct restore *restore, struct error *error)
{
    const struct plain *plain = restore->state;
    struct text options = {0};
    restore_options(restore, 1, &options);
    bool ran = restore_by_psql(restore, plain->file, text_string(&options), error);
    text_free(&options);
    return ran;
}

static void end(struct restore *restore)
{
    struct plain *plain = restore->state;
    if (plain && plain->file >= 0)
        close(plain->file);
    free(plain);
}

const struct restore_format restore_plain = {
    .open = open_backup,
    .list = list,
    .run = run,
    .end = end,
};
