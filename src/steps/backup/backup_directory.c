/* backup_directory.c: a backup as a directory: databases dumped several at once, each by several
 * jobs, in a helper container beside the server; roles in SQL; a manifest that vouches for every
 * file. */
#include "steps/backup/backup.h"
#include "steps/backup/backup_compression.h"
#include "steps/backup/backup_manifest.h"
#include "steps/server/pg_helper.h"

#include "base/clock.h"
#include "base/json.h"
#include "postgres/release.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROGRESS_EVERY_MS 200
#define NAME_KEPT 40 /* of a database's name in its directory's */

struct directory {
    char *partial;            /* the directory until it is complete */
    bool made;                /* it is this attempt's */
    bool placed;              /* it has its name */
    int globals;              /* descriptor, while they are written, else -1 */
    struct backup_tool roles; /* writes them while Docker makes the helper */
    char *compress;           /* pg_dump's option */
    cJSON *manifest;
    struct docker_helper *helper;
    double before; /* sizes of the databases that are dumped */
};

/* A database under way. */
struct dump {
    char *path;   /* its directory, below `partial` */
    cJSON *entry; /* the manifest's */
};

/* "01-limor_prod": the number tells names apart that differ in what a file's name can't show. */
static char *directory_name(size_t number, const char *database)
{
    char *name = xprintf("%02zu-%.*s", number, NAME_KEPT, database);
    for (char *c = name; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("._-", *c))
            *c = '_';
    return name;
}

static bool full_disk(struct backup *backup, struct error *error)
{
    if (!strstr(error->message, strerror(ENOSPC)) && !strstr(error->message, strerror(EDQUOT)))
        return false;
    return error_remedy(error,
                        "The disk is full: make room there (df -h %s) or put the backup elsewhere "
                        "(variable backup_dir), then retry the step.",
                        backup->path);
}

static bool make_parent(const char *path, struct error *error)
{
    const char *slash = strrchr(path, '/');
    char *parent = slash > path ? xstrndup(path, (size_t)(slash - path)) : xstrdup("/");
    bool made = file_make_directories(parent, 0700, error);
    free(parent);
    return made;
}

/* What an attempt of this run has left is removed, nothing else. */
static bool make_partial(struct backup *backup, struct directory *directory, struct error *error)
{
    if (!make_parent(backup->path, error))
        return error_remedy(error, "Check the variable backup_dir and its permissions.");
    if (backup->replace && !backup_tree_clear(directory->partial, error))
        return error_wrap(error, "removing what an attempt before has left");
    directory->made = mkdir(directory->partial, 0700) == 0;
    int number = errno;
    if (directory->made)
        return true;
    error_errno(error, "can't make the backup's directory %s", directory->partial);
    return error_remedy(error, number == EEXIST
                                   ? "It is of another run that was cut off: remove it, or choose "
                                     "another place (variable backup_dir)."
                                   : "Check the variable backup_dir and its permissions.");
}

static bool know_tools(struct backup *backup, struct directory *directory, struct error *error)
{
    static const char *const ask[] = {"pg_dump", "--version", NULL};
    struct text answer = {0};
    struct release release = {0};
    bool known = pg_helper_ask(backup->access.docker, directory->helper, ask, &answer, error);
    if (known && !release_parse(text_string(&answer), &release))
        known = error_set(error, ERROR_OTHER, "pg_dump in image %s doesn't say its version",
                          backup->access.found.image);
    if (known) {
        char *line = xstrndup(text_string(&answer), strcspn(text_string(&answer), "\n"));
        cJSON_AddStringToObject(directory->manifest, "pg_dump", line);
        free(line);
        directory->compress =
            backup_compression_option(step_text(backup->run, "compress"), release.major, error);
    }
    text_free(&answer);
    return known && directory->compress;
}

static void begin_manifest(struct backup *backup, struct directory *directory)
{
    cJSON *manifest = directory->manifest = cJSON_CreateObject();
    const char *version = json_text(backup->server, "version");
    cJSON_AddStringToObject(manifest, "server", version ? version : "");
    cJSON_AddStringToObject(manifest, "image", backup->access.found.image);
    cJSON_AddStringToObject(manifest, "image_id", backup->access.found.image_id);
    cJSON_AddStringToObject(manifest, "compress", step_text(backup->run, "compress"));
    cJSON_AddArrayToObject(manifest, "databases");
}

/* What keeps it from being loaded now comes up when it's restored. */
static void load_beside(struct backup *backup, const struct directory *directory)
{
    struct error error = ERROR_INIT;
    const struct load_beside_setting setting = {.run = backup->run,
                                                .server = step_text(backup->run, "into"),
                                                .directory = directory->partial,
                                                .databases = &backup->databases,
                                                .jobs = backup->jobs};
    if (!setting.server)
        return;
    backup->beside = load_beside_start(&setting, &error);
    if (!backup->beside)
        step_log(backup->run, "server \"%s\" isn't loaded beside the dump: %s", setting.server,
                 error.message);
}

static bool take_globals(struct backup_tool *tool, const char *bytes, size_t length,
                         struct error *error)
{
    const struct directory *directory = tool->backup->state;
    return file_write_all(directory->globals, bytes, length) ||
           error_errno(error, "can't write %s/" BACKUP_GLOBALS, directory->partial);
}

static bool begin_globals(struct backup *backup, struct directory *directory, struct error *error)
{
    static const char *const arguments[] = {"pg_dumpall", "--globals-only", NULL};
    const struct backup_tool_call call = {
        .arguments = arguments, .database = "postgres", .write = take_globals};
    char *path = file_join(directory->partial, BACKUP_GLOBALS);
    directory->roles.backup = backup;
    directory->globals = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    bool begun = directory->globals >= 0 || error_errno(error, "can't create %s", path);
    free(path);
    return begun && backup_tool_begin(&directory->roles, &call, error);
}

static bool begin(struct backup *backup, struct error *error)
{
    struct directory *directory = backup->state = xcalloc(1, sizeof *directory);
    directory->globals = -1;
    directory->partial = xprintf("%s.partial", backup->path);
    if (!make_partial(backup, directory, error))
        return false;
    if (!begin_globals(backup, directory, error))
        return full_disk(backup, error) || error_wrap(error, "backup of the roles");
    begin_manifest(backup, directory);
    struct pg_helper_setting setting = {.image = backup->access.found.image_id,
                                        .container = backup->access.found.id,
                                        .directory = directory->partial};
    directory->helper = pg_helper_open(backup->run, backup->access.docker, &setting, error);
    if (!directory->helper || !know_tools(backup, directory, error))
        return full_disk(backup, error);
    load_beside(backup, directory);
    return true;
}

static bool dump_globals(struct backup *backup, struct error *error)
{
    struct directory *directory = backup->state;
    bool dumped = backup_tool_await(&directory->roles, error) &&
                  (fsync(directory->globals) == 0 ||
                   error_errno(error, "can't write %s/" BACKUP_GLOBALS, directory->partial));
    if (dumped)
        load_beside_roles(backup->beside);
    return dumped || full_disk(backup, error);
}

static cJSON *note_database(struct backup *backup, const char *name, const char *directory_name)
{
    const struct directory *directory = backup->state;
    cJSON *entry = cJSON_Duplicate(cJSON_GetObjectItemCaseSensitive(backup->snapshots, name), true);
    cJSON_AddStringToObject(entry, "name", name);
    cJSON_AddStringToObject(entry, "directory", directory_name);
    cJSON_AddArrayToObject(entry, "tables");
    cJSON_AddItemToArray(cJSON_GetObjectItemCaseSensitive(directory->manifest, "databases"), entry);
    return entry;
}

/* Only several jobs say which rows are complete, which a server that is loaded beside can take at
 * once; a small database has none that are worth it. Source: pg_backup_archiver.c,
 * WriteDataChunks. */
static int jobs_of(const struct backup *backup, const struct pg_database_entry *database)
{
    int jobs = backup_share(backup, database, (int)backup->jobs);
    bool in_parts = backup->beside && backup->jobs > 1 && database->bytes > PG_NEARLY_EMPTY;
    return in_parts && jobs < 2 ? 2 : jobs;
}

/* Its files are synced when they are settled, several at once. */
static bool begin_pg_dump(struct backup_database *database, const char *name, const char *snapshot,
                          struct error *error)
{
    struct backup *backup = database->backup;
    const struct directory *directory = backup->state;
    char *snapshot_option = xprintf("--snapshot=%s", snapshot);
    char *jobs = xprintf("--jobs=%d", jobs_of(backup, database->entry));
    char *file = xprintf("--file=" HELPER_DIRECTORY "/%s", name);
    const char *const arguments[] = {
        "pg_dump", "--format=directory", "--no-sync", snapshot_option,
        jobs,      directory->compress,  file,        backup->beside ? "--verbose" : NULL,
        NULL};
    const struct backup_tool_call call = {.arguments = arguments,
                                          .database = database->entry->name,
                                          .helper = docker_helper_id(directory->helper)};
    bool begun = backup_tool_begin(&database->tool, &call, error);
    free(file);
    free(jobs);
    free(snapshot_option);
    return begun;
}

static bool dump_database(struct backup_database *database, const char *snapshot,
                          struct error *error)
{
    struct backup *backup = database->backup;
    const struct directory *directory = backup->state;
    const struct pg_database_entry *entry = database->entry;
    char *name = directory_name(database->number, entry->name);
    struct dump *dump = database->state = xcalloc(1, sizeof *dump);
    dump->path = file_join(directory->partial, name);
    dump->entry = note_database(backup, entry->name, name);
    load_beside_dumping(backup->beside, entry->name, name, (double)entry->bytes);
    bool begun = begin_pg_dump(database, name, snapshot, error);
    free(name);
    return begun;
}

static bool dumped(struct backup_database *database, struct error *error)
{
    struct directory *directory = database->backup->state;
    (void)error;
    load_beside_dumped(database->backup->beside, database->entry->name);
    directory->before += database->entry->bytes > 0 ? (double)database->entry->bytes : 0;
    return true;
}

static void drop(struct backup_database *database)
{
    struct dump *dump = database->state;
    if (dump)
        free(dump->path);
    free(dump);
}

/* "pg_dump: finished item 3755 TABLE DATA products". The first rows are dumped when the table of
 * contents is complete. Source: pg_dump, --verbose; pg_backup_directory.c, _CloseArchive. */
static bool take_line(const struct backup_database *database, const char *line)
{
    static const char mark[] = "pg_dump: ", contents[] = "dumping contents of table",
                      rows[] = "finished item ";
    static const char *const kept[] = {"error: ", "warning: ", "detail: ", "hint: "};
    struct load_beside *beside = database->backup->beside;
    const char *name = database->entry->name;
    if (!beside || !text_starts(line, mark))
        return false;
    line += strlen(mark);
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
        if (text_starts(line, kept[i]))
            return false;
    if (text_starts(line, contents))
        load_beside_contents(beside, name);
    if (text_starts(line, rows))
        load_beside_rows(beside, name, strtol(line + strlen(rows), NULL, 10));
    return true;
}

/* Those whose rows the dump has to hold. */
static void note_tables(struct backup_database *database, const struct pg_table_list *tables)
{
    const struct dump *dump = database->state;
    cJSON *list = cJSON_GetObjectItemCaseSensitive(dump->entry, "tables");
    for (size_t i = 0; i < tables->count; i++) {
        const struct pg_table *table = &tables->items[i];
        if (table->kind == TABLE_MATERIALISED || table->rows == 0)
            continue;
        cJSON *row = cJSON_CreateArray();
        cJSON_AddItemToArray(row, cJSON_CreateString(table->schema));
        cJSON_AddItemToArray(row, cJSON_CreateString(table->name));
        cJSON_AddItemToArray(row, cJSON_CreateNumber((double)table->rows));
        cJSON_AddItemToArray(row, cJSON_CreateString(table->digest));
        cJSON_AddItemToArray(list, row);
    }
}

/* The first file of a dump is made when all its locks are taken. */
static double bytes_of(struct backup_database *database)
{
    const struct dump *dump = database->state;
    struct error ignored = ERROR_INIT; /* it isn't there yet */
    struct backup_tree tree = {0};
    if (!dump || database->dumped)
        return 0;
    backup_tree_read(dump->path, &tree, &ignored);
    database->locked = database->locked || tree.count > 0;
    double now = (double)tree.bytes, most = (double)database->entry->bytes;
    backup_tree_free(&tree);
    return now < most ? now : most;
}

static double bytes(struct backup *backup)
{
    double sum = ((const struct directory *)backup->state)->before;
    for (size_t i = 0; i < backup->under_way_count; i++)
        sum += bytes_of(backup->under_way[i]);
    return sum;
}

/* The disk gets to work on it while others are read. Source: Linux, sync_file_range(2): no more
 * than a hint, so that its failure says nothing. */
static void begin_writing(const struct directory *directory, const struct backup_tree_entry *entry)
{
    char *path = file_join(directory->partial, entry->path);
    int file = entry->directory ? -1 : open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (file >= 0) {
        (void)sync_file_range(file, 0, 0, SYNC_FILE_RANGE_WRITE);
        close(file);
    }
    free(path);
}

/* Nobody else may read it; pg_dump has synced nothing. */
static bool settle_file(const char *path, char sha256[SHA256_HEX_SIZE], struct error *error)
{
    int file = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    bool settled = file >= 0 && fchmod(file, 0600) == 0;
    bool read = settled && sha256_file(path, sha256, error);
    settled = settled && fsync(file) == 0;
    if (!settled)
        error_errno(error, "can't settle %s", path);
    if (file >= 0)
        close(file);
    return settled && read;
}

static bool list_file(const struct directory *directory, const struct backup_tree_entry *entry,
                      cJSON *files, struct error *error)
{
    char sha256[SHA256_HEX_SIZE];
    char *path = file_join(directory->partial, entry->path);
    bool listed =
        entry->directory ? file_sync_directory(path, error) : settle_file(path, sha256, error);
    free(path);
    if (!listed || entry->directory)
        return listed;
    cJSON *file = cJSON_CreateObject();
    cJSON_AddStringToObject(file, "path", entry->path);
    cJSON_AddNumberToObject(file, "bytes", (double)entry->bytes);
    cJSON_AddStringToObject(file, "sha256", sha256);
    cJSON_AddItemToArray(files, file);
    return true;
}

static bool list_files(struct backup *backup, struct directory *directory, double *total,
                       struct error *error)
{
    struct backup_tree tree;
    cJSON *files = cJSON_AddArrayToObject(directory->manifest, "files");
    double done = 0;
    int64_t reported = 0;
    bool listed = backup_tree_read(directory->partial, &tree, error);
    *total = (double)tree.bytes;
    for (size_t i = 0; listed && i < tree.count; i++)
        begin_writing(directory, &tree.items[i]);
    for (size_t i = 0; listed && i < tree.count; i++) {
        listed = list_file(directory, &tree.items[i], files, error);
        done += (double)tree.items[i].bytes;
        load_beside_go_on(backup->beside);
        if (clock_monotonic_ms() - reported < PROGRESS_EVERY_MS)
            continue;
        reported = clock_monotonic_ms();
        step_progress(backup->run, done, *total, "bytes", "SHA-256");
    }
    backup_tree_free(&tree);
    return listed;
}

/* The old one, this run's own, goes when the new one is complete. */
static bool put_in_place(struct backup *backup, struct directory *directory, struct error *error)
{
    if (backup->replace && file_exists(backup->path) &&
        !backup_manifest_remove(backup->path, error))
        return error_wrap(error, "removing the backup of an attempt before");
    if (renameat2(AT_FDCWD, directory->partial, AT_FDCWD, backup->path, RENAME_NOREPLACE) < 0 &&
        /* Some file systems know no flags; over a file or a full directory this fails as well. */
        (errno != EINVAL || rename(directory->partial, backup->path) < 0))
        return error_errno(error, "can't put the backup in place as %s", backup->path);
    directory->placed = true;
    char *parent = xprintf("%s/..", backup->path);
    bool synced = file_sync_directory(parent, error);
    free(parent);
    return synced;
}

static bool finish(struct backup *backup, cJSON *fact, struct error *error)
{
    struct directory *directory = backup->state;
    char sha256[SHA256_HEX_SIZE], taken[40];
    double total = 0;
    docker_helper_close(directory->helper);
    directory->helper = NULL;
    cJSON_AddStringToObject(directory->manifest, "taken",
                            clock_iso(taken, sizeof taken, backup->taken_ms));
    if (!list_files(backup, directory, &total, error) ||
        !backup_manifest_write(directory->partial, directory->manifest, sha256, error))
        return full_disk(backup, error);
    if (!put_in_place(backup, directory, error))
        return false;
    cJSON *names = cJSON_AddArrayToObject(fact, "databases");
    const cJSON *database;
    cJSON_ArrayForEach(database, cJSON_GetObjectItemCaseSensitive(directory->manifest, "databases"))
    {
        cJSON_AddItemToArray(names, cJSON_CreateString(json_text(database, "name")));
    }
    cJSON_AddNumberToObject(fact, "bytes", total);
    cJSON_AddStringToObject(fact, "sha256", sha256);
    return true;
}

static void end(struct backup *backup)
{
    struct directory *directory = backup->state;
    struct error ignored = ERROR_INIT;
    if (!directory)
        return;
    backup_tool_drop(&directory->roles);
    docker_helper_close(directory->helper);
    if (directory->globals >= 0)
        close(directory->globals);
    if (directory->made && !directory->placed && !backup_tree_clear(directory->partial, &ignored))
        step_log(backup->run, "%s stays, and isn't a backup: %s", directory->partial,
                 ignored.message);
    cJSON_Delete(directory->manifest);
    free(directory->compress);
    free(directory->partial);
    free(directory);
}

const struct backup_format backup_directory = {
    .name = "directory",
    .kind = "directory",
    .largest_first = true, /* it is loaded while the others are dumped */
    .together = true,
    .begin = begin,
    .globals = dump_globals,
    .dump = dump_database,
    .said = take_line,
    .dumped = dumped,
    .counted = note_tables,
    .drop = drop,
    .explain = full_disk,
    .finish = finish,
    .bytes = bytes,
    .end = end,
};
