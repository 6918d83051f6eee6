/* move_pooler.c: PgBouncer holds its clients' statements back while the server behind it moves.
 * Source: PgBouncer manual, "Admin console": PAUSE waits until every server connection is given
 * back; RECONNECT closes them, so that the name is looked up again. */
#include "steps/move/move.h"

#include "base/json.h"

#include <string.h>

#define WORD_MS 10000L

static bool word(struct pg_connection *console, const char *statement, struct error *error)
{
    pg_limit(console, WORD_MS);
    return pg_execute(console, statement, error);
}

static struct pg_connection *open_console(const struct step_run *run, const char *server,
                                          struct error *error)
{
    struct server_access access = {0};
    bool found = server_find_as_client(run, server, &access, error);
    struct pg_connection *console = found ? pg_open_plain(&access.parameters, 0, error) : NULL;
    server_free(&access);
    if (!console)
        error_wrap(error, "the pooler \"%s\"", server);
    return console;
}

/* What is paused by somebody else stays so. */
bool move_pool_pause(struct move *move, struct error *error)
{
    const char *server = step_text(move->run, "pooler");
    if (!server || !*server)
        return true;
    struct pg_connection *console = open_console(move->run, server, error);
    if (!console)
        return false;
    fence_record_set(move->record, MOVE_POOLER, cJSON_CreateString(server));
    bool paused = move_record_write(move->run, move->record, error);
    pg_limit(console, step_duration(move->run, "wait"));
    paused = paused && pg_execute(console, "PAUSE", error);
    pg_close(console);
    if (!paused)
        error_remedy(error, "A client holds a transaction open. End it, or give the step a longer "
                            "wait.");
    return paused || error_wrap(error, "pausing the pooler \"%s\"", server);
}

/* PgBouncer's word for a pool that an earlier attempt has let go: that is what is wanted. Source:
 * PgBouncer, admin_cmd_resume. */
static bool resume(struct step_run *run, struct pg_connection *console, struct error *error)
{
    if (word(console, "RESUME", error))
        return true;
    if (!strstr(error->message, "not paused"))
        return false;
    step_log(run, "RESUME: %s", error->message);
    *error = (struct error)ERROR_INIT;
    return true;
}

bool move_pool_resume(struct step_run *run, cJSON *record, struct error *error)
{
    const char *server = json_text(record, MOVE_POOLER);
    if (!server)
        return true;
    struct pg_connection *console = open_console(run, server, error);
    bool resumed = console && word(console, "RECONNECT", error) && resume(run, console, error);
    pg_close(console);
    if (!resumed)
        return error_wrap(error, "letting the pooler's clients through again");
    cJSON_DeleteItemFromObjectCaseSensitive(record, MOVE_POOLER);
    return move_record_write(run, record, error);
}
