/* pg_backup.c: pg.backup, a dump of the whole server, with the counts and digests of each database
 * taken in the snapshot of its own dump. */
#include "steps/actions.h"
#include "steps/backup/backup.h"
#include "steps/compare/pg_jobs.h"
#include "steps/compare/pg_survey.h"
#include "steps/drift/write_base.h"
#include "steps/restore/restore_tuning.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"

#include <stdlib.h>
#include <string.h>

static bool dump_globals(struct backup *backup, struct error *error)
{
    return backup->format->globals(backup, error) || error_wrap(error, "backup of the roles");
}

static bool record_cluster(struct backup *backup, struct error *error)
{
    struct pg_connection *connection = server_open(&backup->access, error);
    backup->objects = objects_record_begin(backup->run, FACT_OBJECTS, backup->access.name);
    bool done = connection && objects_record_cluster(backup->objects, connection, error);
    pg_close(connection);
    return done;
}

/* The server counts while Docker makes what the dump needs. */
static bool begin(struct backup *backup, struct error *error)
{
    step_rows_begin(backup->run, ROWS_SNAPSHOT);
    backup->writes = write_base_note(backup->run, &backup->access);
    return record_cluster(backup, error) && backup_databases_begin(backup, error) &&
           backup->format->begin(backup, error);
}

static bool dump_all(struct backup *backup, struct error *error)
{
    if (!dump_globals(backup, error) || !backup_databases(backup, error))
        return false;
    step_rows_end(backup->run, ROWS_SNAPSHOT);
    return true;
}

static int larger_first(const void *left, const void *right)
{
    const struct pg_database_entry *a = left, *b = right;
    return a->bytes != b->bytes ? (a->bytes < b->bytes) - (a->bytes > b->bytes)
                                : strcmp(a->name, b->name);
}

static bool know_server(struct backup *backup, struct error *error)
{
    if (!survey_server(&backup->access, &backup->server, &backup->databases, error))
        return false;
    backup->snapshots = cJSON_CreateObject();
    backup->total = (double)pg_database_list_bytes(&backup->databases);
    if (backup->format->largest_first && backup->databases.count)
        qsort(backup->databases.items, backup->databases.count, sizeof *backup->databases.items,
              larger_first);
    return true;
}

bool backup_is_own(const struct step_run *run, const char *path)
{
    const char *started = cJSON_GetStringValue(step_known(run, FACT_BACKUP_STARTED));
    return text_equal(started, path) ||
           text_equal(json_text(step_known(run, FACT_BACKUP), "path"), path);
}

static bool check_target(struct backup *backup, struct error *error)
{
    backup->replace = backup_is_own(backup->run, backup->path);
    if (!file_exists(backup->path) || backup->replace)
        return true;
    error_set(error, ERROR_OTHER, "there is a %s %s already, which this run didn't write",
              backup->format->kind, backup->path);
    return error_remedy(error,
                        "If it isn't needed any more, remove it; else move it away, or choose "
                        "another place with --set backup_dir=DIRECTORY.");
}

static void complete_fact(struct backup *backup, cJSON *fact)
{
    /* Nothing that was written before the first snapshot is missing. */
    const cJSON *first = backup->first_snapshot;
    cJSON_AddStringToObject(fact, "path", backup->path);
    cJSON_AddStringToObject(fact, "format", backup->format->name);
    cJSON_AddStringToObject(fact, "lsn", json_text(first, "lsn"));
    cJSON_AddStringToObject(fact, "xid", json_text(first, "xid"));
    cJSON_AddItemToObject(fact, "snapshots", backup->snapshots);
    backup->snapshots = NULL;
    backup->first_snapshot = NULL;
    cJSON_AddNumberToObject(fact, "taken_ms", (double)backup->taken_ms);
    cJSON_AddNumberToObject(fact, "counts_tables", (double)backup->counted);
    if (backup->writes)
        cJSON_AddItemToObject(fact, "writes", backup->writes);
    backup->writes = NULL;
}

static void check_result(struct backup *backup, const cJSON *fact)
{
    char size[24], taken[40];
    double bytes = json_number_at(fact, "bytes");
    char *name = xprintf("backup %s", backup->format->kind);
    step_check(backup->run, name, VERDICT_PASS, "%s, %s", backup->path,
               text_bytes(size, sizeof size, bytes));
    step_check(backup->run, "snapshot", VERDICT_PASS,
               "%s, WAL position %s; %zu tables counted in the dumps' own snapshots",
               clock_iso(taken, sizeof taken, backup->taken_ms), json_text(fact, "lsn"),
               backup->counted);
    step_progress(backup->run, bytes, bytes, "bytes", NULL);
    free(name);
}

static bool finish(struct backup *backup, struct error *error)
{
    cJSON *fact = cJSON_CreateObject();
    if (!backup->done)
        error_set(error, ERROR_OTHER, "there is no database that can be connected to");
    if (!backup->done || !objects_record_finish(backup->objects, error) ||
        !backup->format->finish(backup, fact, error)) {
        cJSON_Delete(fact);
        return false;
    }
    complete_fact(backup, fact);
    check_result(backup, fact);
    char *sha256 = xstrdup(json_text(fact, "sha256"));
    step_fact(backup->run, FACT_BACKUP, fact);
    survey_record(backup->run, backup->access.name, backup->server);
    load_beside_finish(backup->beside, backup->path, sha256);
    free(sha256);
    return true;
}

static void free_backup(struct backup *backup)
{
    load_beside_end(backup->beside);
    backup_databases_end(backup);
    backup->format->end(backup);
    objects_record_free(backup->objects);
    server_free(&backup->access);
    pg_database_list_free(&backup->databases);
    cJSON_Delete(backup->server);
    cJSON_Delete(backup->snapshots);
    cJSON_Delete(backup->writes);
    free(backup->path);
}

static const struct backup_format *const formats[] = {&backup_plain, &backup_directory};
static const char *const format_names[] = {"plain", "directory", NULL};

static const struct backup_format *format_of(const struct step_run *run)
{
    const char *name = step_text(run, "format");
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (text_equal(formats[i]->name, name))
            return formats[i];
    return &backup_plain;
}

static bool check_arguments(const struct backup *backup, struct error *error)
{
    return !step_text(backup->run, "into") || backup->format == &backup_directory ||
           error_set(error, ERROR_USAGE,
                     "into: a server can be loaded beside the dump only with format: directory");
}

static bool run_backup(struct step_run *run, struct error *error)
{
    struct backup backup = {.run = run, .format = format_of(run), .path = step_path(run, "to")};
    bool done = check_arguments(&backup, error) && pg_jobs(run, &backup.jobs, error) &&
                check_target(&backup, error) &&
                server_find(run, step_text(run, "server"), &backup.access, error) &&
                server_needs_container(&backup.access, error) && know_server(&backup, error);
    if (done) {
        step_fact_text(run, FACT_BACKUP_STARTED, backup.path);
        done = begin(&backup, error) && dump_all(&backup, error) && finish(&backup, error);
    }
    free_backup(&backup);
    return done;
}

static const char *tunes(const cJSON *arguments)
{
    const char *into = json_text(arguments, "into");
    return into && *into ? restore_tunes(arguments) : NULL;
}

static const struct argument backup_arguments[] = {
    {"server", ARGUMENT_SERVER, true, NULL, NULL, "the server to back up"},
    {"to", ARGUMENT_PATH, true, NULL, NULL, "the file or the directory to make"},
    {"format", ARGUMENT_ENUM, false, "plain", format_names,
     "plain: one SQL file for psql; directory: files that are dumped and restored several at once"},
    {"jobs", ARGUMENT_INTEGER, false, NULL, NULL,
     "directory: how many tables at once, and databases (at most 4); else as many as this machine "
     "has cores, at most 8"},
    {"compress", ARGUMENT_TEXT, false, "gzip:1", NULL,
     "directory: none, gzip:1 to gzip:9; from PostgreSQL 16's tools on also lz4 and zstd:1 to "
     "zstd:22"},
    {"into", ARGUMENT_SERVER, false, NULL, NULL,
     "directory, without compression: a new, empty server that is loaded while the old one is "
     "dumped; pg.restore then finds its work done"},
    {NULL, ARGUMENT_TEXT, false, NULL, NULL, NULL},
};

const struct action pg_backup_action = {
    .name = "pg.backup",
    .danger = DANGER_CHANGE,
    .help =
        "dumps roles, permissions and every database, and counts every table in the same snapshot",
    .arguments = backup_arguments,
    .run = run_backup,
    .tunes = tunes,
};
