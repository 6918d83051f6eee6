/* load_commands.h: what a process that loads has been told of the backup so far. */
#ifndef STEPS_RESTORE_LOAD_COMMANDS_H
#define STEPS_RESTORE_LOAD_COMMANDS_H

#include "base/error.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

struct load_database {
    char *name, *directory;
    double bytes; /* an estimate */
    bool contents, dumped;
    int *rows; /* ids of the tables' rows whose files are complete */
    size_t row_count;
};

struct load_commands {
    int file; /* where they come from */
    struct text incoming;
    struct load_database *databases; /* in the order of their dumps */
    size_t count;
    bool roles, complete;
};

/* Takes what has come; with `wait` not before something has. False when the other side is gone. */
bool load_commands_take(struct load_commands *commands, bool wait, struct error *error);
void load_commands_free(struct load_commands *commands);

#endif
