/* backup_tree.c: listing and removing a backup's directory. */
#include "steps/backup/backup_tree.h"

#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENTRIES_MAX ((size_t)4 << 20)
#define OPEN_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static bool add_entry(struct backup_tree *tree, const char *path, const struct stat *status,
                      struct error *error)
{
    if (tree->count >= ENTRIES_MAX)
        return error_set(error, ERROR_OTHER, "there are more than %zu files in it", ENTRIES_MAX);
    if (!(tree->count & (tree->count - 1))) /* full at every power of two */
        tree->items =
            xrealloc(tree->items, (tree->count ? 2 * tree->count : 1) * sizeof *tree->items);
    bool directory = S_ISDIR(status->st_mode);
    unsigned long long bytes = directory ? 0 : (unsigned long long)status->st_size;
    tree->items[tree->count++] = (struct backup_tree_entry){xstrdup(path), directory, bytes};
    tree->bytes += bytes;
    return true;
}

static bool read_level(int parent, const char *name, const char *prefix, struct backup_tree *tree,
                       struct error *error);

static bool read_entry(int file, const char *name, const char *prefix, struct backup_tree *tree,
                       struct error *error)
{
    struct stat status;
    if (fstatat(file, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT || error_errno(error, "can't look at %s%s", prefix, name);
    bool inner = *prefix != '\0';
    if (!S_ISREG(status.st_mode) && (inner || !S_ISDIR(status.st_mode)))
        return error_set(error, ERROR_OTHER, "%s%s is neither a file nor a directory of a backup",
                         prefix, name);
    char *path = xprintf("%s%s", prefix, name);
    char *below = xprintf("%s/", path);
    bool read = add_entry(tree, path, &status, error) &&
                (S_ISREG(status.st_mode) || read_level(file, name, below, tree, error));
    free(below);
    free(path);
    return read;
}

static bool read_level(int parent, const char *name, const char *prefix, struct backup_tree *tree,
                       struct error *error)
{
    int file = openat(parent, name, OPEN_FLAGS);
    DIR *entries = file >= 0 ? fdopendir(file) : NULL;
    const struct dirent *entry;
    bool read = entries || error_errno(error, "can't read directory %s", name);
    while (read && entries && (entry = readdir(entries)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            read = read_entry(file, entry->d_name, prefix, tree, error);
    if (entries)
        closedir(entries);
    else if (file >= 0)
        close(file);
    return read;
}

static int order(const void *left, const void *right)
{
    const struct backup_tree_entry *a = left, *b = right;
    return strcmp(a->path, b->path);
}

bool backup_tree_read(const char *directory, struct backup_tree *tree, struct error *error)
{
    *tree = (struct backup_tree){0};
    bool read = read_level(AT_FDCWD, directory, "", tree, error);
    if (tree->count)
        qsort(tree->items, tree->count, sizeof *tree->items, order);
    return read || error_wrap(error, "looking into %s", directory);
}

void backup_tree_free(struct backup_tree *tree)
{
    for (size_t i = 0; i < tree->count; i++)
        free(tree->items[i].path);
    free(tree->items);
    *tree = (struct backup_tree){0};
}

const struct backup_tree_entry *backup_tree_find(const struct backup_tree *tree, const char *path)
{
    struct backup_tree_entry wanted = {.path = (char *)(size_t)path};
    return tree->count ? bsearch(&wanted, tree->items, tree->count, sizeof *tree->items, order)
                       : NULL;
}

/* The directory in it isn't followed when it has become a link. */
static bool remove_one(int top, const char *path, bool directory, struct error *error)
{
    const char *slash = strchr(path, '/');
    char *inner = slash ? xstrndup(path, (size_t)(slash - path)) : NULL;
    int file = inner ? openat(top, inner, OPEN_FLAGS) : top;
    bool removed =
        file >= 0 && unlinkat(file, slash ? slash + 1 : path, directory ? AT_REMOVEDIR : 0) == 0;
    int number = errno;
    if (inner && file >= 0)
        close(file);
    free(inner);
    errno = number;
    return removed || number == ENOENT || error_errno(error, "can't remove %s", path);
}

static bool remove_kind(int top, const struct backup_tree *tree, const char *last, bool directories,
                        struct error *error)
{
    for (size_t i = 0; i < tree->count; i++) {
        const struct backup_tree_entry *entry = &tree->items[i];
        if (entry->directory == directories && !text_equal(entry->path, last) &&
            !remove_one(top, entry->path, directories, error))
            return false;
    }
    return true;
}

bool backup_tree_remove(const char *directory, const struct backup_tree *tree, const char *last,
                        struct error *error)
{
    int top = open(directory, OPEN_FLAGS);
    if (top < 0)
        return errno == ENOENT || error_errno(error, "can't open directory %s", directory);
    bool removed = remove_kind(top, tree, last, false, error) &&
                   remove_kind(top, tree, last, true, error) &&
                   (!last || remove_one(top, last, false, error));
    close(top);
    if (removed && rmdir(directory) < 0 && errno != ENOENT)
        removed = error_errno(error, "can't remove directory %s", directory);
    return removed;
}

bool backup_tree_clear(const char *directory, struct error *error)
{
    struct backup_tree tree = {0};
    bool cleared = !file_exists(directory) || (backup_tree_read(directory, &tree, error) &&
                                               backup_tree_remove(directory, &tree, NULL, error));
    backup_tree_free(&tree);
    return cleared;
}
