/* backup_tree.h: the files of a backup's directory and of the directories in it, and nothing
 * deeper. */
#ifndef STEPS_BACKUP_BACKUP_TREE_H
#define STEPS_BACKUP_BACKUP_TREE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct backup_tree_entry {
    char *path; /* below the backup's directory: "globals.sql", "01-limor_prod/toc.dat" */
    bool directory;
    unsigned long long bytes; /* of a file */
};

struct backup_tree {
    struct backup_tree_entry *items; /* sorted by path */
    size_t count;
    unsigned long long bytes; /* of all files */
};

/* Looks without following links. Anything but files, and directories with files in them, is an
 * error that names it. A file that vanishes meanwhile is left out. Free in any case. */
bool backup_tree_read(const char *directory, struct backup_tree *tree, struct error *error);
void backup_tree_free(struct backup_tree *tree);
const struct backup_tree_entry *backup_tree_find(const struct backup_tree *tree, const char *path);

/* Removes exactly these files, `last` (may be NULL) after all others, then the directories in it,
 * and at the end the directory itself. What is gone already is fine. */
bool backup_tree_remove(const char *directory, const struct backup_tree *tree, const char *last,
                        struct error *error);
/* All that backup_tree_read finds. An absent directory is fine. */
bool backup_tree_clear(const char *directory, struct error *error);

#endif
