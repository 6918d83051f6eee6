/* move_settle.c: the end of a move, whatever became of it: a failed call, a dead process, an engine
 * that was restarted. It looks at what is there, as a call that failed may have been carried out.
 */
#include "steps/move/alone.h"
#include "steps/move/move.h"

#include "base/clock.h"
#include "base/json.h"
#include "docker/attachment.h"
#include "docker/lifecycle.h"
#include "postgres/sessions.h"
#include "steps/server/reach.h"

#include <stdlib.h>
#include <string.h>

#define AGAIN_MS 200
#define ENDED_MS 5000L
#define ENDED_AGAIN_MS 5
#define OFF_GRACE_MS 5000L /* clients wait */
#define PARK_GRACE_MS 60000L

enum came { CAME_NOT, CAME_PARTLY, CAME_WHOLLY };

struct settle {
    struct step_run *run;
    cJSON *record;
    struct docker *docker;
    struct docker_container from, to;
};

static bool inspect(const struct settle *settle, const char *side,
                    struct docker_container *container, struct error *error)
{
    const char *id = move_record_id(settle->record, side);
    return !id || docker_inspect(settle->docker, id, container, error);
}

static bool look(struct settle *settle, struct error *error)
{
    settle->docker = docker_open(error);
    return settle->docker && inspect(settle, MOVE_FROM, &settle->from, error) &&
           inspect(settle, MOVE_TO, &settle->to, error);
}

static void look_away(struct settle *settle)
{
    docker_container_free(&settle->from);
    docker_container_free(&settle->to);
    docker_close(settle->docker);
    settle->from = settle->to = (struct docker_container){0};
    settle->docker = NULL;
}

static bool has_ports(const struct settle *settle)
{
    const cJSON *port, *bound = json_at(settle->to.inspect, "NetworkSettings.Ports");
    cJSON_ArrayForEach(port, cJSON_GetObjectItemCaseSensitive(settle->record, MOVE_WANTED))
    {
        if (cJSON_GetArraySize(port) > 0 &&
            cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(bound, port->string)) == 0)
            return false;
    }
    return true;
}

static enum came how_far(const struct settle *settle)
{
    const cJSON *network, *joined = docker_networks(&settle->to);
    bool all = true;
    if (!settle->to.exists || cJSON_GetArraySize(joined) == 0)
        return CAME_NOT;
    cJSON_ArrayForEach(network, json_at(settle->record, MOVE_PLACE ".networks"))
    {
        all = all && cJSON_HasObjectItem(joined, network->string);
    }
    return all && docker_is_running(&settle->to) && has_ports(settle) ? CAME_WHOLLY : CAME_PARTLY;
}

static bool says(const struct settle *settle, const char *name)
{
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(settle->record, name));
}

/* What isn't on disk doesn't count: it is noted once more at the next try. */
static bool note(const struct settle *settle, const char *name, cJSON *value, struct error *error)
{
    fence_record_set(settle->record, name, value);
    if (move_record_write(settle->run, settle->record, error))
        return true;
    cJSON_DeleteItemFromObjectCaseSensitive(settle->record, name);
    return false;
}

/* MOVE_MOVED or MOVE_STAYED: from here on it isn't asked again, as clients may write at once. Or
 * MOVE_CAME, MOVE_GIVEN_UP. */
static bool note_way(const struct settle *settle, const char *way, struct error *error)
{
    return says(settle, way) || note(settle, way, cJSON_CreateTrue(), error);
}

/* The networks of one of both, as fence_restore_networks takes them. */
static bool restore_networks(const struct settle *settle, const struct docker_container *container,
                             const char *place, const char *ports, struct error *error)
{
    cJSON *record = cJSON_CreateObject();
    const cJSON *networks = cJSON_GetObjectItemCaseSensitive(
        cJSON_GetObjectItemCaseSensitive(settle->record, place), "networks");
    cJSON_AddStringToObject(record, FENCE_ID, container->id);
    cJSON_AddStringToObject(record, FENCE_CONTAINER, container->name);
    cJSON_AddItemToObject(record, FENCE_NETWORKS, cJSON_Duplicate(networks, true));
    cJSON_AddItemToObject(
        record, FENCE_PORTS,
        cJSON_Duplicate(cJSON_GetObjectItemCaseSensitive(settle->record, ports), true));
    cJSON_AddTrueToObject(record, FENCE_CUT);
    bool restored = fence_restore_networks(settle->run, record, error);
    cJSON_Delete(record);
    return restored;
}

/* Engine 20.10 lists a container on a network that it has refused to let it join, and doesn't let
 * it leave that while it runs. Where the interface can be taken out nobody reaches it any more, and
 * nobody has to wait for a stop. */
static bool cut_off(const struct settle *settle, const struct docker_container *container,
                    struct error *error)
{
    struct error reason = ERROR_INIT;
    if (!docker_is_running(container) || !strstr(error->message, "is not connected to"))
        return false;
    if (reach_clear_links(container, &reason))
        return true;
    step_log(settle->run, "%s; the container is stopped", reason.message);
    return docker_stop(settle->docker, container->id, OFF_GRACE_MS, error) &&
           docker_leave_networks(settle->docker, container->id, error);
}

static bool take_off(const struct settle *settle, const struct docker_container *container,
                     struct error *error)
{
    return !container->exists || cJSON_GetArraySize(docker_networks(container)) == 0 ||
           docker_leave_networks(settle->docker, container->id, error) ||
           cut_off(settle, container, error);
}

/* ---- which of both ---- */

/* Behind a client that is being ended its last statement may still be carried out. */
static bool end_clients(struct pg_connection *connection, struct error *error)
{
    int64_t deadline = clock_monotonic_ms() + ENDED_MS;
    long count = 1;
    while (count > 0 && sessions_end(connection, NULL, &count, error)) {
        if (count > 0 && clock_monotonic_ms() >= deadline)
            return error_set(error, ERROR_SERVER, "sessions on it don't end");
        if (count > 0)
            clock_sleep_ms(ENDED_AGAIN_MS);
    }
    return count == 0;
}

static bool has_position(struct pg_connection *connection, const char *xid, struct error *error)
{
    struct write_position now;
    return write_position_read(connection, &now, error) &&
           ((text_equal(now.xid, xid) && !now.transactions) ||
            error_set(error, ERROR_SERVER, "its transaction id has moved"));
}

/* Whether it is known that no client has written on the one that came partly. It is on no network
 * any more, so that none does later. */
static bool is_unwritten(const struct settle *settle)
{
    const char *xid = json_text(settle->record, MOVE_XID);
    const char *server = json_text_at(settle->record, MOVE_TO "." MOVE_SERVER);
    struct server_access access = {0};
    struct error reason = ERROR_INIT;
    if (!xid || !server || !docker_is_running(&settle->to))
        return false;
    bool found = server_find_in(settle->run, server, settle->to.id, &access, &reason);
    struct pg_connection *connection = found ? server_open(&access, &reason) : NULL;
    bool same =
        connection && end_clients(connection, &reason) && has_position(connection, xid, &reason);
    if (!same)
        step_log(settle->run, "that nothing was written on %s can't be told: %s", settle->to.name,
                 reason.message);
    pg_close(connection);
    server_free(&access);
    return same;
}

/* One that is on some of its networks only is taken off them, for good or until it comes wholly:
 * whether a client has written there can be told only while none can. That it was there is on
 * record before. */
static bool judge_partly(const struct settle *settle, bool *forward, struct error *error)
{
    if (!note_way(settle, MOVE_CAME, error) || !take_off(settle, &settle->to, error))
        return false;
    *forward = !is_unwritten(settle);
    return true;
}

/* On record before who came is taken off its networks: whoever takes over from here wouldn't see
 * that it was on them. */
static bool note_given_up(const struct settle *settle, struct error *error)
{
    bool came = how_far(settle) != CAME_NOT;
    if (says(settle, MOVE_WAY_BACK) ||
        !(came || says(settle, MOVE_MOVED) || says(settle, MOVE_CAME)))
        return true;
    return (!came || note_way(settle, MOVE_CAME, error)) && note_way(settle, MOVE_GIVEN_UP, error);
}

/* Who gives up what was written on the new server wants the old one, whatever else. */
static bool decide(const struct settle *settle, bool *forward, struct error *error)
{
    if (settle->run->loss_accepted) {
        *forward = says(settle, MOVE_WAY_BACK);
        return note_given_up(settle, error);
    }
    if (says(settle, MOVE_MOVED) || says(settle, MOVE_STAYED))
        *forward = says(settle, MOVE_MOVED);
    else {
        enum came came = how_far(settle);
        *forward = came == CAME_WHOLLY;
        if (came == CAME_PARTLY || (came == CAME_NOT && says(settle, MOVE_CAME)))
            return judge_partly(settle, forward, error);
    }
    return true;
}

/* ---- calls that come late ---- */

static bool is_late(const struct settle *settle)
{
    return move_late_left(settle->run, settle->record) > 0;
}

/* What holds clients back stands in the server's memory alone: one that was started anew since has
 * lost it. */
static bool is_held(const struct settle *settle)
{
    const cJSON *started = cJSON_GetObjectItemCaseSensitive(settle->record, MOVE_HELD);
    return cJSON_IsNumber(started) && (int64_t)started->valuedouble == settle->to.started_ms;
}

/* The one that comes may be let onto a network at any time: what a client writes there until it is
 * taken off again would be lost. Before it is looked which of both is to serve. */
static bool has_to_be_held(const struct settle *settle)
{
    return is_late(settle) && !settle->run->loss_accepted && !says(settle, MOVE_MOVED) &&
           !is_held(settle) && docker_is_running(&settle->to) && how_far(settle) != CAME_WHOLLY;
}

/* Nobody serves yet, so that what can't be had at once is left for the next look, as long as a call
 * may come. Told once, as that may be often. An error only when the record can't be written. */
static bool hold_late(const struct settle *settle, struct error *error)
{
    struct error reason = ERROR_INIT;
    const char *server = json_text_at(settle->record, MOVE_TO "." MOVE_SERVER);
    if (!server)
        return true;
    if (move_hold_again(settle->run, server, settle->to.id, &reason))
        return note(settle, MOVE_HELD, cJSON_CreateNumber((double)settle->to.started_ms), error);
    if (!text_equal(json_text(settle->record, MOVE_UNHELD), reason.message))
        step_log(settle->run, "%s; it is tried again", reason.message);
    fence_record_set(settle->record, MOVE_UNHELD, cJSON_CreateString(reason.message));
    return true;
}

/* Only one call is out at a time. Behind a move that was settled, who comes gets onto a network, or
 * who leaves off one, by nothing else. */
static bool has_come_late(const struct settle *settle)
{
    const cJSON *own = json_at(settle->record, MOVE_OWN ".networks");
    return is_late(settle) && text_equal(json_text(settle->record, MOVE_SETTLED), MOVE_BACK) &&
           (how_far(settle) != CAME_NOT ||
            (settle->from.exists &&
             cJSON_GetArraySize(docker_networks(&settle->from)) < cJSON_GetArraySize(own)));
}

/* It is off its networks again, so that no client writes behind this. What is found is on record
 * with the next thing that is noted, which ends the move. */
static void note_came_late(const struct settle *settle)
{
    if (how_far(settle) != CAME_NOT && !settle->run->loss_accepted && !is_unwritten(settle))
        fence_record_set(settle->record, MOVE_WRITTEN, cJSON_CreateTrue());
    step_log(settle->run, "the engine has carried out the call that it hadn't answered: it is "
                          "taken back");
    cJSON_DeleteItemFromObjectCaseSensitive(settle->record, MOVE_LATE);
}

/* ---- there, or back ---- */

static bool park_again(const struct settle *settle, const struct docker_container *container,
                       struct error *error)
{
    bool listed = cJSON_GetArraySize(docker_networks(container)) > 0;
    bool stopped = !listed || !docker_is_running(container) ||
                   docker_stop(settle->docker, container->id, PARK_GRACE_MS, error);
    return stopped && (!listed || docker_leave_networks(settle->docker, container->id, error)) &&
           alone_start(settle->docker, container, error);
}

/* Who doesn't serve runs, on no network, so that the next move finds it. Nobody waits for this. */
static void leave_parked(const struct settle *settle, const char *side)
{
    struct docker_container now = {0};
    struct error reason = ERROR_INIT;
    bool parked = inspect(settle, side, &now, &reason) &&
                  (!now.exists || docker_is_cut_off(&now) || park_again(settle, &now, &reason));
    if (!parked)
        step_log(settle->run, "%s", reason.message);
    docker_container_free(&now);
}

static bool start(const struct settle *settle, const struct docker_container *container,
                  struct error *error)
{
    if (!container->exists || docker_is_running(container))
        return true;
    step_log(settle->run, "%s is %s: it is started", container->name, container->state);
    return alone_start(settle->docker, container, error);
}

/* What a fence, or the move, holds in the server that is to serve. */
static bool release(const struct settle *settle, const char *side, struct error *error)
{
    const cJSON *who = cJSON_GetObjectItemCaseSensitive(settle->record, side);
    const char *server = json_text(who, MOVE_SERVER);
    cJSON *fence = NULL;
    bool done = !server || fence_record_read(settle->run, server, &fence, error);
    /* A name may have led to another container when that was fenced. */
    if (done && fence && text_equal(json_text(fence, FENCE_ID), json_text(who, MOVE_ID)))
        done = fence_release_settings(settle->run, fence, error) &&
               fence_record_remove(settle->run, server, error);
    cJSON_Delete(fence);
    return done;
}

static bool serve_back(const struct settle *settle, struct error *error)
{
    return take_off(settle, &settle->to, error) && start(settle, &settle->from, error) &&
           note_way(settle, MOVE_STAYED, error) &&
           (!settle->from.exists ||
            restore_networks(settle, &settle->from, MOVE_OWN, MOVE_PORTS, error)) &&
           release(settle, MOVE_FROM, error);
}

/* It may have the address of one that was there before it, whose hardware address the neighbours
 * know: what is sent there gets lost. */
static void announce(const struct settle *settle)
{
    struct error reason = ERROR_INIT;
    if (docker_is_running(&settle->to) && !reach_announce(&settle->to, &reason))
        step_log(settle->run, "%s", reason.message);
}

/* The one that leaves goes off first: never both. */
static bool serve_forward(const struct settle *settle, struct error *error)
{
    if (!note_way(settle, MOVE_MOVED, error) || !take_off(settle, &settle->from, error))
        return false;
    announce(settle);
    return start(settle, &settle->to, error) && release(settle, MOVE_TO, error) &&
           restore_networks(settle, &settle->to, MOVE_PLACE, MOVE_WANTED, error);
}

static bool rename_to(const struct settle *settle, const struct docker_container *container,
                      const char *name, struct error *error)
{
    return !container->exists || !name || text_equal(container->name, name) ||
           docker_rename(settle->docker, container->id, name, error);
}

static bool clear_held(struct fence *fence, const char *server, const char *id, struct error *error)
{
    if (!fence_record_read(fence->run, server, &fence->record, error))
        return false;
    if (!cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(fence->record, FENCE_WRITTEN)))
        return true;
    bool found = server_find_in(fence->run, server, id, &fence->access, error);
    fence->connection = found ? server_open(&fence->access, error) : NULL;
    return fence->connection && fence_clear_file(fence, error);
}

/* What holds clients back must not stay in the file of the one that left: a server that is started
 * on its data again would only read. Nobody waits for this, and the record tells what is left to
 * do. */
static void clear_file(const struct settle *settle)
{
    const char *server = json_text_at(settle->record, MOVE_FROM "." MOVE_SERVER);
    struct fence fence = {.run = settle->run};
    struct error reason = ERROR_INIT;
    if (!docker_is_running(&settle->from))
        return;
    if (!clear_held(&fence, server, settle->from.id, &reason))
        step_log(settle->run, "%s", reason.message);
    fence_disconnect(&fence);
    cJSON_Delete(fence.record);
}

static bool tidy_forward(const struct settle *settle, struct error *error)
{
    clear_file(settle);
    return rename_to(settle, &settle->from, json_text(settle->record, MOVE_LEFT), error) &&
           rename_to(settle, &settle->to, json_text_at(settle->record, MOVE_PLACE "." MOVE_NAME),
                     error);
}

/* Who has given up what was written may do so with the names moved already. */
static bool tidy_back(const struct settle *settle, struct error *error)
{
    return rename_to(settle, &settle->to, json_text_at(settle->record, MOVE_TO "." MOVE_NAME),
                     error) &&
           rename_to(settle, &settle->from, json_text_at(settle->record, MOVE_FROM "." MOVE_NAME),
                     error);
}

/* One that was killed just before counts as running for a moment. */
static bool check_serves(const struct settle *settle, const char *side, struct error *error)
{
    struct docker_container now = {0};
    bool runs = inspect(settle, side, &now, error);
    if (runs && now.exists && !docker_is_running(&now))
        runs = error_set(error, ERROR_OTHER, "%s, which is to serve, is %s", now.name, now.state);
    docker_container_free(&now);
    return runs;
}

/* Clients are let through as soon as one serves; names and files can wait. */
static bool settle_once(struct settle *settle, bool *moved, struct error *error)
{
    if (!look(settle, error))
        return false;
    if (has_to_be_held(settle)) {
        if (!hold_late(settle, error))
            return false;
        look_away(settle);
        if (!look(settle, error))
            return false;
    }
    bool came_late = has_come_late(settle);
    bool done = decide(settle, moved, error) &&
                (*moved ? serve_forward(settle, error) : serve_back(settle, error)) &&
                move_pool_resume(settle->run, NULL, settle->record, error) &&
                (*moved ? tidy_forward(settle, error) : tidy_back(settle, error)) &&
                check_serves(settle, *moved ? MOVE_TO : MOVE_FROM, error);
    if (done && came_late && !*moved)
        note_came_late(settle);
    if (done)
        leave_parked(settle, *moved ? MOVE_FROM : MOVE_TO);
    return done;
}

static bool note_settled(const struct settle *settle, bool moved, struct error *error)
{
    if (!moved)
        move_late_renew(settle->run, settle->record);
    return note(settle, MOVE_SETTLED, cJSON_CreateString(moved ? MOVE_FORWARD : MOVE_BACK), error);
}

bool move_settle(struct step_run *run, cJSON *record, long for_ms, bool *moved, struct error *error)
{
    struct settle settle = {.run = run, .record = record};
    int64_t deadline = clock_monotonic_ms() + for_ms;
    char *told = NULL;
    bool done = false;
    for (;;) {
        done = settle_once(&settle, moved, error);
        look_away(&settle);
        if (done || clock_monotonic_ms() >= deadline)
            break;
        if (!text_equal(told, error->message))
            step_log(run, "%s; trying again", error->message);
        free(told);
        told = xstrdup(error->message);
        clock_sleep_ms(AGAIN_MS);
    }
    free(told);
    return (done && note_settled(&settle, *moved, error)) ||
           error_wrap(error, "bringing the move to an end");
}
