/* ask_server.c: asks the server whether it can be fenced and followed, and the pooler whether its
 * console lets us in: what would else be seen behind the copy only. */
#include "steps/move/ask_server.h"

#include "steps/move/move.h"
#include "steps/move/obstacles.h"

#include <stdlib.h>

static void add(struct findings *findings, const struct finding *finding, bool fine,
                const char *fine_words, const struct error *reason)
{
    struct finding found = *finding;
    char *remedy =
        xprintf("%s%s" MOVE_OTHER_RUNBOOK, reason->remedy, reason->remedy[0] ? " Or use" : "Use");
    found.verdict = fine ? VERDICT_PASS : VERDICT_FAIL;
    found.remedy = fine ? NULL : remedy;
    finding_add(findings, &found, "%s", fine ? fine_words : reason->message);
    free(remedy);
}

static void ask(struct findings *findings, const struct server_access *access,
                struct pg_connection *connection)
{
    static const struct finding fenced = {.key = "fence", .name = "stopping writes"};
    static const struct finding followed = {.key = "follow", .name = "following writes"};
    struct fence fence = {.run = findings->run,
                          .other_way = "", /* add() names it */
                          .access = *access,
                          .connection = connection};
    struct error not_fenced = ERROR_INIT, not_followed = ERROR_INIT;
    bool fine = fence_check_before(&fence, &not_fenced);
    add(findings, &fenced, fine, "the server lets its writes be stopped", &not_fenced);
    fine = follow_check(access, connection, &not_followed);
    add(findings, &followed, fine, "its write-ahead log holds what is needed, and can be read",
        &not_followed);
}

void ask_server(struct findings *findings)
{
    const char *server = step_text(findings->run, "server");
    struct server_access access = {0};
    struct error reason = ERROR_INIT;
    if (!server || !*server)
        return;
    bool found = server_find_inside(findings->run, server, &access, &reason);
    struct pg_connection *connection = found ? server_open(&access, &reason) : NULL;
    if (connection)
        ask(findings, &access, connection);
    else
        step_check(findings->run, "server", VERDICT_WARN,
                   "what a move needs of it can't be asked: %s", reason.message);
    pg_close(connection);
    server_free(&access);
}

static void ask_for_slow(struct findings *findings)
{
    struct text found = {0};
    move_pool_slow(findings->run, &found);
    if (found.length)
        step_check(findings->run, "pooler's settings", VERDICT_WARN,
                   "%s: for so long its clients may wait, should the server's address change or a "
                   "connection fail; 1 and less is kinder",
                   text_string(&found));
    text_free(&found);
}

void ask_pooler(struct findings *findings)
{
    static const struct finding console = {.key = "pooler", .name = "pooler"};
    struct error reason = ERROR_INIT;
    if (!move_has_pooler(findings->run))
        return;
    bool fine = move_pool_check(findings->run, &reason);
    add(findings, &console, fine, "its admin console answers", &reason);
    if (fine)
        ask_for_slow(findings);
}
