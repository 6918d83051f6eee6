/* check_directory.c: a backup's directory, read back. */
#include "steps/backup/check_backup.h"

#include "base/clock.h"
#include "base/json.h"
#include "docker/image.h"
#include "steps/backup/backup_contents.h"
#include "steps/backup/backup_manifest.h"
#include "steps/server/pg_helper.h"

#include <stdlib.h>

#define PROGRESS_EVERY_MS 200

struct checking {
    struct step_run *run;
    const char *path;
    cJSON *manifest;
    double bytes; /* of all files */
    struct docker *docker;
    struct docker_helper *helper;
};

static bool check_file(const struct checking *checking, const cJSON *file, struct error *error)
{
    char sha256[SHA256_HEX_SIZE];
    char *path = file_join(checking->path, json_text(file, "path"));
    bool same = sha256_file(path, sha256, error);
    if (same && !text_equal(sha256, json_text(file, "sha256"))) {
        same =
            error_set(error, ERROR_OTHER, "%s has another SHA-256 than when it was written", path);
        error_remedy(error, "Something has changed it, or the disk is faulty: take the backup "
                            "again, on another disk.");
    }
    free(path);
    return same;
}

static bool check_files(const struct checking *checking, struct error *error)
{
    const cJSON *file, *files = cJSON_GetObjectItemCaseSensitive(checking->manifest, "files");
    double done = 0;
    int64_t reported = 0;
    cJSON_ArrayForEach(file, files)
    {
        if (!check_file(checking, file, error))
            return false;
        done += json_number_at(file, "bytes");
        if (clock_monotonic_ms() - reported < PROGRESS_EVERY_MS)
            continue;
        reported = clock_monotonic_ms();
        step_progress(checking->run, done, checking->bytes, "bytes", "SHA-256");
    }
    char size[24];
    step_check(checking->run, "files", VERDICT_PASS, "%d, %s, each as it was written",
               cJSON_GetArraySize(files), text_bytes(size, sizeof size, checking->bytes));
    return true;
}

static bool read_manifest(struct checking *checking, struct error *error)
{
    char sha256[SHA256_HEX_SIZE];
    struct backup_tree tree = {0};
    char *path = file_join(checking->path, BACKUP_MANIFEST);
    checking->manifest = backup_manifest_read(checking->path, error);
    bool fits = checking->manifest && sha256_file(path, sha256, error) &&
                backup_tree_read(checking->path, &tree, error) &&
                backup_manifest_fits(checking->manifest, checking->path, &tree, error);
    if (fits) {
        checking->bytes = (double)backup_manifest_bytes(checking->manifest);
        fits = check_backup_recorded(checking->run, checking->path, checking->bytes, sha256, error);
    }
    backup_tree_free(&tree);
    free(path);
    return fits;
}

/* The argument, or the image whose tools wrote it: by its id, or what has its name today. */
static bool find_image(const struct checking *checking, const char **name, struct error *error)
{
    struct docker_image image;
    const char *argument = step_text(checking->run, "image");
    const char *id = json_text(checking->manifest, "image_id");
    *name = argument ? argument : id ? id : "";
    bool asked = docker_image_inspect(checking->docker, *name, &image, error);
    if (asked && !image.exists && !argument)
        *name = json_text(checking->manifest, "image");
    docker_image_free(&image);
    return asked && (*name || error_set(error, ERROR_OTHER, "the manifest names no image"));
}

static bool open_helper(struct checking *checking, struct error *error)
{
    struct pg_helper_setting setting = {.directory = checking->path, .read_only = true};
    checking->docker = docker_open(error);
    if (!checking->docker || !find_image(checking, &setting.image, error))
        return false;
    checking->helper = pg_helper_open(checking->run, checking->docker, &setting, error);
    return checking->helper != NULL;
}

static bool check_database(const struct checking *checking, const cJSON *database,
                           struct error *error)
{
    char rows[32];
    struct backup_contents contents = {0};
    const char *name = json_text(database, "name");
    bool whole = backup_contents_read(checking->docker, checking->helper,
                                      json_text(database, "directory"), &contents, error) &&
                 backup_contents_hold(&contents, database, error);
    if (whole)
        step_check(checking->run, name, VERDICT_PASS,
                   "complete: %zu tables, %d of them with %s rows in all", contents.tables.count,
                   cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(database, "tables")),
                   text_grouped(rows, sizeof rows, backup_contents_rows(database)));
    backup_contents_free(&contents);
    return whole || error_wrap(error, "database \"%s\"", name);
}

static bool check_databases(const struct checking *checking, struct error *error)
{
    const cJSON *database;
    cJSON *names = cJSON_CreateArray();
    bool whole = true;
    cJSON_ArrayForEach(database, cJSON_GetObjectItemCaseSensitive(checking->manifest, "databases"))
    {
        whole = whole && check_database(checking, database, error);
        cJSON_AddItemToArray(names, cJSON_CreateString(json_text(database, "name")));
    }
    if (whole)
        check_backup_contents(checking->run, checking->path, checking->bytes, names);
    else
        cJSON_Delete(names);
    return whole;
}

bool check_backup_directory(struct step_run *run, const char *path, struct error *error)
{
    struct checking checking = {.run = run, .path = path};
    bool whole = read_manifest(&checking, error) && check_files(&checking, error) &&
                 open_helper(&checking, error) && check_databases(&checking, error);
    docker_helper_close(checking.helper);
    docker_close(checking.docker);
    cJSON_Delete(checking.manifest);
    return whole;
}
