/* restore_directory.c: a backup's directory: roles by psql, then each database by several jobs of
 * pg_restore at once, and what mustn't go beside others by a single one, in a helper container
 * beside the new server. */
#include "steps/backup/backup_manifest.h"
#include "steps/compare/pg_jobs.h"
#include "steps/restore/restore.h"
#include "steps/restore/restore_list.h"
#include "steps/server/pg_helper.h"
#include "steps/server/pg_tool.h"

#include "base/file.h"
#include "base/json.h"
#include "postgres/dump_alone.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONTENTS_MAX ((size_t)1 << 30)
#define COMPRESSED_TO 6 /* a text's size over that of its compressed form, at most as a rule */

struct directory {
    cJSON *manifest;
    struct backup_tree tree; /* its files, with their sizes */
    struct docker_helper *helper;
    long jobs;
    struct text options;
    struct text words;          /* of pg_restore: the line that isn't complete yet */
    const char *current;        /* directory of the database that is restored */
    double finished;            /* bytes of its tables that are there */
    struct restore_input input; /* of pg_restore */
};

static bool open_backup(struct restore *restore, const cJSON *fact, struct error *error)
{
    struct directory *directory = restore->state = xcalloc(1, sizeof *directory);
    char sha256[SHA256_HEX_SIZE];
    char *path = file_join(restore->path, BACKUP_MANIFEST);
    directory->manifest = backup_manifest_read(restore->path, error);
    bool known = directory->manifest && sha256_file(path, sha256, error);
    free(path);
    restore->sha256 = known ? xstrdup(sha256) : NULL;
    if (!known || !pg_jobs(restore->run, &directory->jobs, error) ||
        !backup_tree_read(restore->path, &directory->tree, error) ||
        !backup_manifest_fits(directory->manifest, restore->path, &directory->tree, error))
        return false;
    restore->size = (double)backup_manifest_bytes(directory->manifest);
    bool compressed = !text_equal(json_text(directory->manifest, "compress"), "none");
    restore->text_bytes = restore->size * (compressed ? COMPRESSED_TO : 1);
    return !fact || text_equal(json_text(fact, "sha256"), sha256) ||
           restore_changed(restore, BACKUP_MANIFEST, error);
}

static bool list(struct restore *restore, struct error *error)
{
    const struct directory *directory = restore->state;
    const cJSON *database;
    (void)error;
    cJSON_ArrayForEach(database, cJSON_GetObjectItemCaseSensitive(directory->manifest, "databases"))
    {
        text_list_add(&restore->databases, json_text(database, "name"));
    }
    return true;
}

static bool restore_globals(struct restore *restore, struct error *error)
{
    const struct directory *directory = restore->state;
    char *path = file_join(restore->path, BACKUP_GLOBALS);
    int file = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    bool done = file >= 0 || error_errno(error, "can't read %s", path);
    done = done && restore_by_psql(restore, file, text_string(&directory->options), error);
    if (file >= 0)
        close(file);
    free(path);
    return done;
}

/* The file of a table's rows is named after the number of its entry. */
static double bytes_of_item(const struct directory *directory, const char *number, size_t length)
{
    static const char *const suffixes[] = {"dat", "dat.gz", "dat.lz4", "dat.zst"};
    const struct backup_tree_entry *entry = NULL;
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0] && !entry; i++) {
        char *path = xprintf("%s/%.*s.%s", directory->current, (int)length, number, suffixes[i]);
        entry = backup_tree_find(&directory->tree, path);
        free(path);
    }
    return entry ? (double)entry->bytes : 0;
}

/* "pg_restore: finished item 3755 TABLE DATA products"; several jobs write at once, so that it may
 * stand anywhere in a line. */
static void take_line(struct restore *restore, struct directory *directory, const char *line)
{
    static const char mark[] = "finished item ";
    const char *found = strstr(line, mark);
    const char *number = found ? found + strlen(mark) : "";
    size_t digits = strspn(number, "0123456789");
    if (!digits || !text_starts(number + digits, " TABLE DATA "))
        return;
    double bytes = bytes_of_item(directory, number, digits);
    directory->finished += bytes;
    restore_went_on(restore, bytes);
}

static bool take_words(void *context, const char *bytes, size_t length, struct error *error)
{
    struct restore *restore = context;
    struct directory *directory = restore->state;
    const char *end;
    text_append(&directory->words, bytes, length);
    while ((end = memchr(text_string(&directory->words), '\n', directory->words.length))) {
        size_t part = (size_t)(end - directory->words.bytes) + 1;
        char *line = xstrndup(directory->words.bytes, part - 1);
        take_line(restore, directory, line);
        free(line);
        text_consume(&directory->words, part);
    }
    return restore_take_words(restore, bytes, length, error);
}

/* After the first failure the rest is of no use. */
static bool tick(void *context, struct error *error)
{
    const struct restore *restore = context;
    if (restore_messages_failed(restore->messages))
        return error_set(error, ERROR_OTHER, "pg_restore was ended after its first error");
    return restore_tick(context, error);
}

static double bytes_of_database(const struct directory *directory)
{
    char *prefix = xprintf("%s/", directory->current);
    double bytes = 0;
    for (size_t i = 0; i < directory->tree.count; i++)
        if (text_starts(directory->tree.items[i].path, prefix))
            bytes += (double)directory->tree.items[i].bytes;
    free(prefix);
    return bytes;
}

static long give(void *context, char *buffer, size_t size, struct error *error)
{
    struct directory *directory = ((struct restore *)context)->state;
    (void)error;
    return restore_input_give(&directory->input, buffer, size);
}

static bool run_tool(struct restore *restore, const char *const *arguments, struct error *error)
{
    struct directory *directory = restore->state;
    int exit_status = -1;
    struct pg_tool tool = {.access = &restore->access,
                           .helper = docker_helper_id(directory->helper),
                           .arguments = arguments,
                           .options = text_string(&directory->options),
                           .read = directory->input.bytes ? give : NULL,
                           .write_error = take_words,
                           .tick = tick,
                           .context = restore};
    restore_messages_begin(restore->messages);
    text_consume(&directory->words, directory->words.length);
    bool ran = pg_tool_run(&tool, &exit_status, error);
    if (!ran && restore_messages_failed(restore->messages))
        return true;
    return ran && restore_judge_exit(restore, &tool, exit_status, error);
}

/* Both stay empty when all may go side by side. Of a dump whose table of contents can't be read
 * here pg_restore says what is wrong with it, or it knows more forms. */
static void read_lists(const struct restore *restore, struct restore_lists *lists)
{
    const struct directory *directory = restore->state;
    char *path = xprintf("%s/%s/toc.dat", restore->path, directory->current);
    struct text bytes = {0};
    struct toc toc = {0};
    struct error unknown = ERROR_INIT;
    bool known = file_read(path, CONTENTS_MAX, &bytes, &unknown) &&
                 toc_parse(text_string(&bytes), bytes.length, &toc, &unknown);
    bool *alone = known ? toc_alone(&toc) : NULL;
    for (size_t i = 0; alone && i < toc.count; i++)
        restore_lists_add(lists, &toc.items[i], alone[i]);
    free(alone);
    toc_free(&toc);
    text_free(&bytes);
    free(path);
}

/* Source: PostgreSQL manual, pg_restore: with --create it makes the database with its properties.
 * For those that every server has, making it fails, which is harmless, and the rest goes on. */
static bool restore_beside(struct restore *restore, const char *path, const struct text *list,
                           struct error *error)
{
    struct directory *directory = restore->state;
    char *jobs = xprintf("--jobs=%ld", directory->jobs);
    const char *const whole[] = {"pg_restore", "--verbose", "--create", "--dbname=postgres",
                                 jobs,         path,        NULL};
    const char *const listed[] = {"sh",        "-c",       restore_list_script, path, "pg_restore",
                                  "--verbose", "--create", "--dbname=postgres", jobs, NULL};
    directory->input = (struct restore_input){list->bytes, list->length};
    bool ran = run_tool(restore, list->length ? listed : whole, error);
    free(jobs);
    return ran;
}

static bool restore_alone(struct restore *restore, const char *path, const char *name,
                          const struct text *list, struct error *error)
{
    struct directory *directory = restore->state;
    if (!list->length || restore_messages_failed(restore->messages))
        return true;
    char *database = restore_database_option(name);
    const char *const arguments[] = {
        "sh", "-c", restore_list_script, path, "pg_restore", "--verbose", database, NULL};
    directory->input = (struct restore_input){list->bytes, list->length};
    bool ran = run_tool(restore, arguments, error);
    free(database);
    return ran;
}

static bool restore_database(struct restore *restore, const cJSON *database, struct error *error)
{
    struct directory *directory = restore->state;
    const char *name = json_text(database, "name");
    char *path = xprintf(HELPER_DIRECTORY "/%s", json_text(database, "directory"));
    struct restore_lists lists = {0};
    directory->current = json_text(database, "directory");
    directory->finished = 0;
    if (directory->jobs > 1)
        read_lists(restore, &lists);
    bool ran = restore_beside(restore, path, &lists.beside, error) &&
               restore_alone(restore, path, name, &lists.alone, error);
    directory->input = (struct restore_input){0};
    restore_went_on(restore, bytes_of_database(directory) - directory->finished);
    restore_lists_free(&lists);
    free(path);
    return ran || error_wrap(error, "restoring database \"%s\"", name);
}

static bool run(struct restore *restore, struct error *error)
{
    struct directory *directory = restore->state;
    struct pg_helper_setting setting = {.image = restore->access.found.image_id,
                                        .container = restore->access.found.id,
                                        .directory = restore->path,
                                        .read_only = true};
    const cJSON *database;
    directory->helper = pg_helper_open(restore->run, restore->access.docker, &setting, error);
    if (!directory->helper)
        return false;
    restore_options(restore, directory->jobs, &directory->options);
    if (!restore_globals(restore, error))
        return false;
    cJSON_ArrayForEach(database, cJSON_GetObjectItemCaseSensitive(directory->manifest, "databases"))
    {
        if (restore_messages_failed(restore->messages))
            return true;
        if (!restore_database(restore, database, error))
            return false;
    }
    return true;
}

static void end(struct restore *restore)
{
    struct directory *directory = restore->state;
    if (!directory)
        return;
    docker_helper_close(directory->helper);
    backup_tree_free(&directory->tree);
    cJSON_Delete(directory->manifest);
    text_free(&directory->options);
    text_free(&directory->words);
    free(directory);
}

const struct restore_format restore_directory = {
    .open = open_backup,
    .list = list,
    .run = run,
    .end = end,
};
