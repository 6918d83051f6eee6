/* backup_manifest.c: a backup directory's manifest, read, written and held against the files. */
#include "steps/backup/backup_manifest.h"

#include "base/json.h"

#include <stdlib.h>
#include <string.h>

#define VERSION_KEY "pgrunbook_backup"
#define MANIFEST_MAX ((size_t)256 << 20)
#define NAME_LENGTH_MAX 255

static bool not_whole(const char *path, struct error *error, const char *what)
{
    error_set(error, ERROR_OTHER, "the backup %s is not whole: %s", path, what);
    return error_remedy(error,
                        "Something has changed it, or it was copied in part: take the backup "
                        "again, or bring back the missing files.");
}

/* One part of a path, which stays inside of its directory. */
static bool valid_part(const char *part, size_t length)
{
    return length > 0 && length <= NAME_LENGTH_MAX && part[0] != '.' && !memchr(part, '/', length);
}

static bool valid_path(const char *path)
{
    const char *slash = path ? strchr(path, '/') : NULL;
    if (!path || !strcmp(path, BACKUP_MANIFEST))
        return false;
    if (!slash)
        return valid_part(path, strlen(path));
    return valid_part(path, (size_t)(slash - path)) && valid_part(slash + 1, strlen(slash + 1));
}

static bool valid_files(const cJSON *manifest)
{
    const cJSON *file, *files = cJSON_GetObjectItemCaseSensitive(manifest, "files");
    if (!cJSON_IsArray(files))
        return false;
    cJSON_ArrayForEach(file, files)
    {
        const char *sha256 = json_text(file, "sha256");
        if (!valid_path(json_text(file, "path")) || !sha256 ||
            strlen(sha256) != SHA256_HEX_SIZE - 1 || json_number_at(file, "bytes") < 0)
            return false;
    }
    return true;
}

static bool valid_databases(const cJSON *manifest)
{
    const cJSON *database;
    const cJSON *databases = cJSON_GetObjectItemCaseSensitive(manifest, "databases");
    cJSON_ArrayForEach(database, databases)
    {
        const char *directory = json_text(database, "directory");
        if (!json_text(database, "name") || !directory || !valid_part(directory, strlen(directory)))
            return false;
    }
    return cJSON_GetArraySize(databases) > 0;
}

cJSON *backup_manifest_parse(const char *bytes, size_t length, const char *path,
                             struct error *error)
{
    cJSON *manifest = cJSON_ParseWithLength(bytes, length);
    bool valid = false;
    if (!manifest)
        not_whole(path, error, BACKUP_MANIFEST " can't be read to its end");
    else if ((int)json_number_at(manifest, VERSION_KEY) != 1)
        not_whole(path, error, BACKUP_MANIFEST " isn't of this program, or of another version");
    else if (!json_true_at(manifest, "complete"))
        not_whole(path, error, "the mark of its end is missing in " BACKUP_MANIFEST);
    else if (!valid_files(manifest) || !valid_databases(manifest))
        not_whole(path, error, BACKUP_MANIFEST " lists no databases, or files in a wrong form");
    else
        valid = true;
    if (valid)
        return manifest;
    cJSON_Delete(manifest);
    return NULL;
}

cJSON *backup_manifest_read(const char *directory, struct error *error)
{
    char *path = file_join(directory, BACKUP_MANIFEST);
    struct text bytes = {0};
    cJSON *manifest = NULL;
    if (file_read(path, MANIFEST_MAX, &bytes, error))
        manifest = backup_manifest_parse(bytes.bytes, bytes.length, directory, error);
    else if (!file_exists(path))
        not_whole(directory, error, "there is no " BACKUP_MANIFEST " in it");
    text_free(&bytes);
    free(path);
    return manifest;
}

bool backup_manifest_write(const char *directory, cJSON *manifest, char sha256[SHA256_HEX_SIZE],
                           struct error *error)
{
    cJSON_AddNumberToObject(manifest, VERSION_KEY, 1);
    cJSON_AddBoolToObject(manifest, "complete", true);
    char *path = file_join(directory, BACKUP_MANIFEST), *json = cJSON_Print(manifest);
    size_t length = strlen(json);
    sha256_bytes(json, length, sha256);
    bool written = file_write_new(path, json, length, 0600, error);
    cJSON_free(json);
    free(path);
    return written;
}

unsigned long long backup_manifest_bytes(const cJSON *manifest)
{
    unsigned long long sum = 0;
    const cJSON *file;
    cJSON_ArrayForEach(file, cJSON_GetObjectItemCaseSensitive(manifest, "files"))
    {
        sum += (unsigned long long)json_number_at(file, "bytes");
    }
    return sum;
}

static bool file_fits(const cJSON *file, const char *directory, const struct backup_tree *tree,
                      struct error *error)
{
    const char *path = json_text(file, "path");
    const struct backup_tree_entry *entry = backup_tree_find(tree, path);
    if (entry && !entry->directory &&
        entry->bytes == (unsigned long long)json_number_at(file, "bytes"))
        return true;
    char *what = entry ? xprintf("%s has %llu bytes instead of %.0f", path, entry->bytes,
                                 json_number_at(file, "bytes"))
                       : xprintf("%s is missing", path);
    not_whole(directory, error, what);
    free(what);
    return false;
}

/* The manifest's files and the directories that they are in, for a quick look. */
static struct backup_tree listed(const cJSON *manifest)
{
    const cJSON *file, *files = cJSON_GetObjectItemCaseSensitive(manifest, "files");
    struct backup_tree tree = {0};
    tree.items = xcalloc(2 * (size_t)cJSON_GetArraySize(files) + 1, sizeof *tree.items);
    cJSON_ArrayForEach(file, files)
    {
        const char *path = json_text(file, "path"), *slash = strchr(path, '/');
        tree.items[tree.count++].path = xstrdup(path);
        if (slash) {
            tree.items[tree.count].directory = true;
            tree.items[tree.count++].path = xstrndup(path, (size_t)(slash - path));
        }
    }
    tree.items[tree.count++].path = xstrdup(BACKUP_MANIFEST);
    return tree;
}

static int order(const void *left, const void *right)
{
    const struct backup_tree_entry *a = left, *b = right;
    return strcmp(a->path, b->path);
}

/* Whether nothing is in the directory that the manifest doesn't know. */
static bool nothing_else(const cJSON *manifest, const char *directory,
                         const struct backup_tree *tree, struct error *error)
{
    struct backup_tree known = listed(manifest);
    const char *stranger = NULL;
    qsort(known.items, known.count, sizeof *known.items, order);
    for (size_t i = 0; i < tree->count && !stranger; i++)
        if (!backup_tree_find(&known, tree->items[i].path))
            stranger = tree->items[i].path;
    backup_tree_free(&known);
    if (!stranger)
        return true;
    error_set(error, ERROR_OTHER, "%s holds %s, which isn't part of the backup", directory,
              stranger);
    return error_remedy(error, "Move it out of the backup's directory, then retry the step.");
}

bool backup_manifest_fits(const cJSON *manifest, const char *directory,
                          const struct backup_tree *tree, struct error *error)
{
    const cJSON *file;
    cJSON_ArrayForEach(file, cJSON_GetObjectItemCaseSensitive(manifest, "files"))
    {
        if (!file_fits(file, directory, tree, error))
            return false;
    }
    return nothing_else(manifest, directory, tree, error);
}

bool backup_manifest_remove(const char *directory, struct error *error)
{
    struct backup_tree tree;
    cJSON *manifest = NULL;
    bool removed = backup_tree_read(directory, &tree, error);
    if (removed && tree.count) {
        manifest = backup_manifest_read(directory, error);
        removed = manifest && nothing_else(manifest, directory, &tree, error);
    }
    if (!removed)
        error_wrap(error, "nothing was removed");
    removed = removed && backup_tree_remove(directory, &tree, BACKUP_MANIFEST, error);
    cJSON_Delete(manifest);
    backup_tree_free(&tree);
    return removed;
}
