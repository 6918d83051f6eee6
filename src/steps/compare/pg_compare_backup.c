/* pg_compare_backup.c: pg.compare_backup, which holds a server's row counts against those of a
 * backup that another run has made. */
#include "steps/actions.h"
#include "steps/backup/backup_contents.h"
#include "steps/backup/backup_manifest.h"
#include "steps/compare/pg_measure.h"
#include "steps/compose/compose_common.h"

#include "base/json.h"
#include "postgres/dump.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE ((size_t)256 << 10)

/* What the backup holds: {database: rows}. */
static void add_rows(cJSON *backup, const char *database, double rows)
{
    double before = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(backup, database));
    cJSON_DeleteItemFromObjectCaseSensitive(backup, database);
    cJSON_AddNumberToObject(backup, database, rows + (before > 0 ? before : 0));
}

static bool read_directory(const char *path, cJSON *backup, struct error *error)
{
    cJSON *manifest = backup_manifest_read(path, error);
    const cJSON *database;
    cJSON_ArrayForEach(database, cJSON_GetObjectItemCaseSensitive(manifest, "databases"))
    {
        add_rows(backup, json_text(database, "name"), (double)backup_contents_rows(database));
    }
    bool read = manifest != NULL;
    cJSON_Delete(manifest);
    return read;
}

static bool scan_file(const char *path, struct dump_scan *scan, struct error *error)
{
    char *piece = xmalloc(PIECE);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = -1;
    while (file >= 0 && ((got = read(file, piece, PIECE)) > 0 || (got < 0 && errno == EINTR)))
        dump_scan_feed(scan, piece, got > 0 ? (size_t)got : 0);
    bool done = got == 0 || error_errno(error, "can't read %s", path);
    if (file >= 0)
        close(file);
    free(piece);
    return done;
}

static bool read_file(const char *path, cJSON *backup, struct error *error)
{
    struct dump_scan *scan = dump_scan_new();
    bool read = scan_file(path, scan, error) && dump_is_whole(dump_scan_summary(scan), path, error);
    const struct dump_summary *summary = dump_scan_summary(scan);
    for (size_t i = 0; read && i < summary->count; i++)
        add_rows(backup, summary->databases[i].name, (double)summary->databases[i].rows);
    dump_scan_free(scan);
    return read;
}

static bool read_backup(const struct step_run *run, cJSON *backup, struct error *error)
{
    struct stat status;
    char *path = step_path(run, "from");
    bool directory = stat(path, &status) == 0 && S_ISDIR(status.st_mode);
    bool read = directory ? read_directory(path, backup, error) : read_file(path, backup, error);
    free(path);
    return read;
}

/* What a materialised view holds is computed, not copied. */
static bool count_server(struct step_run *run, const struct server_access *access,
                         struct row_counts *counts, struct error *error)
{
    struct survey survey = {0};
    struct measure measure = {access, &survey, ROWS_NEW, counts};
    bool counted =
        survey_read(access, &survey, error) && measure_tables(run, &measure, 1, false, error);
    survey_free(&survey);
    return counted;
}

static double rows_of(const struct row_counts *counts, const char *database)
{
    double rows = 0;
    for (size_t i = 0; i < counts->count; i++)
        if (!strcmp(counts->items[i].database, database) &&
            counts->items[i].kind != TABLE_MATERIALISED)
            rows += (double)counts->items[i].rows;
    return rows;
}

static bool compare(struct step_run *run, const cJSON *backup, const struct row_counts *counts,
                    struct error *error)
{
    const cJSON *database;
    char there[32], here[32];
    size_t different = 0;
    cJSON_ArrayForEach(database, backup)
    {
        double rows = rows_of(counts, database->string);
        bool same = rows == database->valuedouble;
        text_grouped(there, sizeof there, (long long)database->valuedouble);
        text_grouped(here, sizeof here, (long long)rows);
        step_check(run, database->string, same ? VERDICT_PASS : VERDICT_FAIL,
                   same ? "%s rows in the backup, %s on the server"
                        : "%s rows in the backup, but %s on the server",
                   there, here);
        different += !same;
    }
    if (!backup->child)
        return error_set(error, ERROR_OTHER, "the backup names no database");
    if (!different)
        return true;
    error_set(error, ERROR_OTHER, "%zu databases have another number of rows than the backup",
              different);
    return error_remedy(error, "See what the restore said (logs/restore-*.log), and whether "
                               "something has written since; then restore again.");
}

static bool compare_server(struct step_run *run, const struct server_access *access,
                           struct error *error)
{
    struct row_counts counts = {0};
    cJSON *backup = cJSON_CreateObject();
    bool same = read_backup(run, backup, error) && count_server(run, access, &counts, error) &&
                compare(run, backup, &counts, error);
    cJSON_Delete(backup);
    row_counts_free(&counts);
    return same;
}

static bool run_compare_backup(struct step_run *run, struct error *error)
{
    struct server_access access = {0};
    if (server_not_yet(run, step_text(run, "server")))
        return true;
    bool found = server_find(run, step_text(run, "server"), &access, error);
    bool kept = found && stack_was_kept(run, &access.found);
    if (kept)
        step_log(run, "nothing was restored: there is nothing to compare");
    bool done = kept || (found && compare_server(run, &access, error));
    server_free(&access);
    return done;
}

static const struct argument arguments[] = {
    {"server", ARGUMENT_SERVER, true, NULL, NULL, "the server that the backup was restored into"},
    {"from", ARGUMENT_PATH, true, NULL, NULL, "the backup's file or directory"},
    {"connections", ARGUMENT_INTEGER, false, "4", NULL,
     "over how many connections it's counted, at most"},
    {0},
};

const struct action pg_compare_backup_action = {
    .name = "pg.compare_backup",
    .danger = DANGER_READ,
    .help = "holds each database's exact number of rows against the backup's own",
    .arguments = arguments,
    .run = run_compare_backup,
};
