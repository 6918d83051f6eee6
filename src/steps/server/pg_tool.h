/* pg_tool.h: PostgreSQL's own tools, run as its superuser in a server's container, or beside it. */
#ifndef STEPS_SERVER_PG_TOOL_H
#define STEPS_SERVER_PG_TOOL_H

#include "steps/server/server.h"

struct pg_tool {
    const struct server_access *access;
    const char
        *helper; /* container that shares the server's network, to run it in; NULL: its own */
    const char *const *arguments; /* NULL-terminated; no secret, no name that could be an option */
    const char *database;         /* for PGDATABASE, or NULL */
    const char *options;          /* for PGOPTIONS, or NULL */
    /* As in struct docker_exec; each may be NULL. */
    long (*read)(void *context, char *buffer, size_t size, struct error *error);
    bool (*write)(void *context, const char *bytes, size_t length, struct error *error);
    bool (*write_error)(void *context, const char *bytes, size_t length, struct error *error);
    bool (*tick)(void *context, struct error *error);
    long tick_ms;
    void *context;
};

/* False only when it couldn't be run to its end. */
bool pg_tool_run(const struct pg_tool *tool, int *exit_status, struct error *error);
/* Begins it, for who turns it beside others (docker_exec_turn and what follows). What the tool's
 * texts point to may go then, but `context` has to stay. NULL on failure. */
struct docker_running *pg_tool_begin(const struct pg_tool *tool, struct error *error);

/* "pg_dump in limor-postgres ended with status 1: LAST WORDS", with the remedy for a known cause.
 * Returns false. */
bool pg_tool_failed(const struct pg_tool *tool, int exit_status, const char *words,
                    struct error *error);

#endif
