/* backup_plain.c: a backup as one SQL file, as pg_dumpall writes it. */
#include "steps/backup/backup.h"
#include "steps/backup/backup_file.h"
#include "steps/backup/pg_dump_filter.h"

#include <stdlib.h>
#include <string.h>

struct plain {
    struct backup_file *file;
    struct dump_filter *filter; /* of the database that is dumped */
};

static bool begin(struct backup *backup, struct error *error)
{
    struct plain *plain = backup->state = xcalloc(1, sizeof *plain);
    plain->file = backup_file_begin(backup->path, error);
    return plain->file != NULL;
}

static bool take_output(void *context, const char *bytes, size_t length, struct error *error)
{
    const struct plain *plain = ((struct backup *)context)->state;
    return backup_file_write(plain->file, bytes, length, error);
}

static bool take_dump(void *context, const char *bytes, size_t length, struct error *error)
{
    struct backup *backup = context;
    const struct plain *plain = backup->state;
    backup->locked = true;
    bool taken = plain->filter ? dump_filter_feed(plain->filter, bytes, length, error)
                               : take_output(backup, bytes, length, error);
    return taken && backup_go_on(backup, error);
}

static bool write_text(struct backup *backup, char *text, struct error *error)
{
    bool written = take_output(backup, text, strlen(text), error);
    free(text);
    return written;
}

static bool dump_globals(struct backup *backup, struct error *error)
{
    static const char *const arguments[] = {"pg_dumpall", "--globals-only", NULL};
    return backup_run_tool(backup, arguments, "postgres", NULL, take_dump, error);
}

/* Like pg_dumpall's own header of a database. */
static bool dump_database(struct backup *backup, const struct pg_database_entry *database,
                          const char *snapshot, struct error *error)
{
    struct plain *plain = backup->state;
    struct dump_filter filter;
    char *option = xprintf("--snapshot=%s", snapshot);
    const char *const arguments[] = {"pg_dump", "--create", option, NULL};
    dump_filter_begin(&filter, database->name, take_output, backup);
    plain->filter = &filter;
    bool dumped =
        write_text(backup, xprintf("--\n-- Database \"%s\" dump\n--\n\n", database->name), error) &&
        backup_run_tool(backup, arguments, database->name, NULL, take_dump, error);
    dumped = dump_filter_end(&filter, dumped ? error : NULL) && dumped;
    plain->filter = NULL;
    free(option);
    return dumped;
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
    .database = dump_database,
    .finish = finish,
    .bytes = bytes,
    .end = end,
};
