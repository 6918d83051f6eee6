/* fence_proof.c: that nothing writes any more on a fenced server. */
#include "steps/fence/fence.h"

#include "base/clock.h"
#include "base/json.h"
#include "postgres/sessions.h"
#include "postgres/standstill.h"

#include <stdlib.h>
#include <string.h>

#define NAMES_MAX 5
#define PAUSE_MS 50

struct proof {
    struct fence *fence;
    int64_t deadline_ms; /* monotonic */
    const char *before;  /* sessions that may not be there: those that began before, NULL for any */
};

static bool is_late(const struct proof *proof)
{
    return clock_monotonic_ms() >= proof->deadline_ms;
}

/* "WHAT: the sessions' names", as an error. */
static bool blame(const struct proof *proof, const char *before, const char *what,
                  struct error *error)
{
    struct session_list list;
    struct text names = {0};
    if (!sessions_read(proof->fence->connection, before, &list, error))
        return false;
    session_list_describe(&list, NAMES_MAX, &names);
    error_set(error, ERROR_OTHER, "%s%s%s", what, list.count ? "; connected now: " : "",
              text_string(&names));
    text_free(&names);
    session_list_free(&list);
    return false;
}

/* Sessions that may not be there are ended, again and again when they come back. */
static bool end_all(const struct proof *proof, struct error *error)
{
    for (;;) {
        long count = 0;
        if (!sessions_end(proof->fence->connection, proof->before, &count, error))
            return false;
        if (!count)
            break;
        if (is_late(proof)) {
            blame(proof, proof->before, "sessions that were ended are still there, or come back",
                  error);
            return error_remedy(error, "Stop these clients, then retry.");
        }
        clock_sleep_ms(PAUSE_MS);
    }
    return sessions_end_autovacuum(proof->fence->connection, error);
}

static bool has_foreign(const struct proof *proof, bool *foreign, struct error *error)
{
    struct session_list list;
    bool read = sessions_read(proof->fence->connection, proof->before, &list, error);
    *foreign = list.count > 0;
    session_list_free(&list);
    return read;
}

static bool somebody_writes(const struct proof *proof, const struct write_position *before,
                            const struct write_position *now, struct error *error)
{
    char *what = xprintf("something was written inside of the fence (transaction id %s, then %s; "
                         "%ld transactions go on)",
                         before->xid, now->xid, now->transactions);
    blame(proof, NULL, what, error);
    free(what);
    return error_remedy(
        error, proof->fence->network
                   ? "Only something inside of the container can write now: look for a "
                     "scheduler or a background worker, stop it, then retry."
                   : "A client has taken the read-only setting off (it may be gone again), "
                     "or takes transaction ids without writing, by NOTIFY or "
                     "pg_current_xact_id(). Stop it, or begin with --set fence=network: "
                     "then no client gets through.");
}

static bool never_still(const struct write_position *before, const struct write_position *now,
                        struct error *error)
{
    error_set(error, ERROR_OTHER,
              "the server doesn't come to rest: its WAL position was %s, then %s, at transaction "
              "id %s",
              before->lsn, now->lsn, now->xid);
    return error_remedy(error, "Look for long VACUUM or CREATE INDEX statements and for the "
                               "checkpointer in pg_stat_activity; retry with a longer for.");
}

/* One interval; *still when nothing moved in it. */
static bool watch_once(const struct proof *proof, struct write_position *before,
                       struct write_position *now, bool *still, struct error *error)
{
    struct pg_connection *connection = proof->fence->connection;
    bool foreign = false;
    if (!end_all(proof, error) || !write_position_read(connection, before, error))
        return false;
    clock_sleep_ms(step_duration(proof->fence->run, "quiet"));
    if (!has_foreign(proof, &foreign, error) || !write_position_read(connection, now, error))
        return false;
    bool same = standstill_same_transactions(before, now);
    if (!same && (proof->fence->autovacuum_off || is_late(proof)))
        return somebody_writes(proof, before, now, error);
    *still = same && !foreign && standstill_same_log(before, now);
    return true;
}

static void report(const struct fence *fence, const struct write_position *now)
{
    char quiet[24];
    fence_record_set(fence->record, FENCE_XID, cJSON_CreateString(now->xid));
    fence_record_set(fence->record, FENCE_LSN, cJSON_CreateString(now->lsn));
    step_check(fence->run, "foreign sessions", VERDICT_PASS,
               fence->network ? "none is left" : "none is left from before, new ones only read");
    step_check(fence->run, "standstill", VERDICT_PASS,
               "transaction id %s and WAL position %s stood still for %s", now->xid, now->lsn,
               text_duration(quiet, sizeof quiet, step_duration(fence->run, "quiet")));
}

bool fence_prove(struct fence *fence, struct error *error)
{
    struct proof proof = {.fence = fence,
                          .deadline_ms = clock_monotonic_ms() + step_duration(fence->run, "for"),
                          .before = fence->network ? NULL : fence->began};
    struct write_position before, now;
    bool still = false;
    while (watch_once(&proof, &before, &now, &still, error)) {
        if (still) {
            report(fence, &now);
            return true;
        }
        if (is_late(&proof))
            return never_still(&before, &now, error);
    }
    return false;
}

/* A transaction id as it stands in a fact: text, or a number; the caller frees. */
static char *known_xid(const cJSON *fact)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(fact, "xid_now");
    if (!item)
        item = cJSON_GetObjectItemCaseSensitive(fact, FENCE_XID);
    if (cJSON_IsNumber(item))
        return xprintf("%.0f", item->valuedouble);
    const char *text = cJSON_GetStringValue(item);
    return text ? xstrdup(text) : NULL;
}

static bool check_xid(const struct fence *fence, const char *key, const char *known,
                      struct error *error)
{
    struct write_position now;
    if (!write_position_read(fence->connection, &now, error))
        return false;
    bool proven = cJSON_GetObjectItemCaseSensitive(fence->record, FENCE_XID) != NULL;
    if (!strcmp(now.xid, known) && !now.transactions) {
        if (proven)
            step_check(fence->run, "nothing written since", VERDICT_PASS,
                       "transaction id %s, as recorded in %s", now.xid, key);
        return true;
    }
    error_set(error, ERROR_OTHER,
              "something was written on server \"%s\" since the fact %s: transaction id %s then, "
              "%s now",
              fence->access.name, key, known, now.xid);
    return error_remedy(error,
                        "Compare and catch up again: roll back, or go back to the step that "
                        "records %s.",
                        key);
}

bool fence_check_unmoved(const struct fence *fence, struct error *error)
{
    const char *key = step_text(fence->run, "unmoved_since");
    char *known = key ? known_xid(step_known(fence->run, key)) : NULL;
    bool unmoved = !key || !*key;
    if (!unmoved && !known)
        error_set(error, ERROR_RUNBOOK, "no fact \"%s\" with a transaction id was recorded", key);
    else if (!unmoved)
        unmoved = check_xid(fence, key, known, error);
    free(known);
    return unmoved;
}
