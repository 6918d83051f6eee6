/* backup_tool.h: one of PostgreSQL's tools as it runs for a backup, beside others. */
#ifndef STEPS_BACKUP_BACKUP_TOOL_H
#define STEPS_BACKUP_BACKUP_TOOL_H

#include "steps/server/pg_tool.h"

struct backup;
struct backup_database;

/* Zero-initialise, set `backup` and `database`. */
struct backup_tool {
    struct backup *backup;
    const struct backup_database *database; /* that it dumps; NULL: none */
    struct docker_running *running;         /* or NULL */
    const char *name;
    bool (*write)(struct backup_tool *tool, const char *bytes, size_t length, struct error *error);
    struct text words; /* its standard error, but for what only says how far it is */
    struct text line;  /* of it: the one that isn't complete yet */
};

struct backup_tool_call {
    const char *const *arguments; /* the first one a constant; else they may go once it is begun */
    const char *database;         /* to connect to */
    const char *helper;           /* container to run it in; NULL: the server's own */
    /* For its output, or NULL. */
    bool (*write)(struct backup_tool *tool, const char *bytes, size_t length, struct error *error);
};

bool backup_tool_begin(struct backup_tool *tool, const struct backup_tool_call *call,
                       struct error *error);
/* Takes what has come, without waiting. *ended: it has ended, and well. */
bool backup_tool_turn(struct backup_tool *tool, bool *ended, struct error *error);
/* Waits until one of the tools has something to say, but not for long: others have their turns. */
void backup_tools_wait(struct backup_tool *const *tools, size_t count);
/* However far it came. */
void backup_tool_drop(struct backup_tool *tool);

/* Until the one that was begun has ended; what else is under way in the backup goes on. */
bool backup_tool_await(struct backup_tool *tool, struct error *error);
/* Begun, awaited and dropped in one. */
bool backup_tool_run(struct backup *backup, const struct backup_tool_call *call,
                     struct error *error);

#endif
