/* backup_plain.c: a backup as one SQL file, as pg_dumpall writes it. */
#include "steps/backup/backup.h"
#include "steps/backup/backup_file.h"
#include "steps/backup/pg_dump_filter.h"

#include <stdlib.h>
#include <string.h>

struct plain {
    struct backup_file *file;
};

static bool begin(struct backup *backup, struct error *error)
{
    struct plain *plain = backup->state = xcalloc(1, sizeof *plain);
    plain->file = backup_file_begin(backup->path, error);
    return plain->file != NULL;
}

static bool write_file(void *context, const char *bytes, size_t length, struct error *error)
{
    const struct plain *plain = ((struct backup *)context)->state;
    return backup_file_write(plain->file, bytes, length, error);
}

static bool take_globals(struct backup_tool *tool, const char *bytes, size_t length,
                         struct error *error)
{
    return write_file(tool->backup, bytes, length, error);
}

static bool dump_globals(struct backup *backup, struct error *error)
{
    static const char *const arguments[] = {"pg_dumpall", "--globals-only", NULL};
    const struct backup_tool_call call = {
        .arguments = arguments, .database = "postgres", .write = take_globals};
    return backup_tool_run(backup, &call, error);
}

static bool take_dump(struct backup_tool *tool, const char *bytes, size_t length,
                      struct error *error)
{
    struct backup_database *database = tool->backup->under_way[0]; /* one at a time */
    database->locked = true;
    return dump_filter_feed(database->state, bytes, length, error);
}

static bool write_text(struct backup *backup, char *text, struct error *error)
{
    bool written = write_file(backup, text, strlen(text), error);
    free(text);
    return written;
}

/* Like pg_dumpall's own header of a database. */
static bool dump_database(struct backup_database *database, const char *snapshot,
                          struct error *error)
{
    struct backup *backup = database->backup;
    const char *name = database->entry->name;
    char *option = xprintf("--snapshot=%s", snapshot);
    const char *const arguments[] = {"pg_dump", "--create", option, NULL};
    const struct backup_tool_call call = {
        .arguments = arguments, .database = name, .write = take_dump};
    database->state = xcalloc(1, sizeof(struct dump_filter));
    dump_filter_begin(database->state, name, write_file, backup);
    bool begun = write_text(backup, xprintf("--\n-- Database \"%s\" dump\n--\n\n", name), error) &&
                 backup_tool_begin(&database->tool, &call, error);
    free(option);
    return begun;
}

static bool end_filter(struct backup_database *database, struct error *error)
{
    bool ended = !database->state || dump_filter_end(database->state, error);
    free(database->state);
    database->state = NULL;
    return ended;
}

static void drop(struct backup_database *database)
{
    end_filter(database, NULL);
}

static bool finish(struct backup *backup, cJSON *fact, struct error *error)
{
    struct plain *plain = backup->state;
    char sha256[SHA256_HEX_SIZE];
    if (!write_text(backup, xprintf("\n%s%zu\n", DUMP_END_MARK, backup->done), error) ||
        !backup_file_finish(plain->file, backup->replace, sha256, error))
        return false;
    const struct dump_summary *summary = backup_file_summary(plain->file);
    cJSON *names = cJSON_AddArrayToObject(fact, "databases");
    for (size_t i = 0; i < summary->count; i++)
        cJSON_AddItemToArray(names, cJSON_CreateString(summary->databases[i].name));
    cJSON_AddNumberToObject(fact, "bytes", (double)summary->bytes);
    cJSON_AddStringToObject(fact, "sha256", sha256);
    return true;
}

static double bytes(struct backup *backup)
{
    const struct plain *plain = backup->state;
    return (double)backup_file_summary(plain->file)->bytes;
}

static void end(struct backup *backup)
{
    struct plain *plain = backup->state;
    if (plain)
        backup_file_close(plain->file);
    free(plain);
}

const struct backup_format backup_plain = {
    .name = "plain",
    .kind = "file",
    .begin = begin,
    .globals = dump_globals,
    .dump = dump_database,
    .dumped = end_filter,
    .drop = drop,
    .finish = finish,
    .bytes = bytes,
    .end = end,
};
