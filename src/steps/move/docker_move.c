/* docker_move.c: docker.move, the switch of a service from one running server to another, and its
 * way back: the same with the names swapped. */
#include "steps/actions.h"
#include "steps/move/move.h"
#include "steps/move/place.h"
#include "steps/switched.h"

#include "base/clock.h"
#include "base/json.h"
#include "docker/attachment.h"
#include "postgres/catalog.h"
#include "postgres/server_settings.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LEFT_MS 20000L
#define PAUSE_MS 200

/* The next attempt makes both equal: what a client was told to be saved would be gone then. */
static void tell_written(struct move *move, const cJSON *record)
{
    if (!json_true_at(record, MOVE_WRITTEN))
        return;
    move->written = true;
    step_check(
        move->run, "server that came late", VERDICT_FAIL,
        "a late call of the engine had let container %s onto its networks, where clients may "
        "have written on it: the next attempt to move removes that",
        json_text_at(record, MOVE_TO "." MOVE_NAME));
}

/* So that somebody can look before it is removed. */
static bool check_unwritten(const struct move *move, const cJSON *record, struct error *error)
{
    const char *name = json_text_at(record, MOVE_TO "." MOVE_NAME);
    if (!move->written || move->run->loss_accepted)
        return true;
    error_set(
        error, ERROR_OTHER,
        "clients may have written on container %s when an earlier attempt to move failed, and "
        "the other server doesn't have that",
        name);
    return error_remedy(error,
                        "Look at its rows (docker exec -it %s psql), write on the serving server "
                        "what is needed of them, then retry: that makes both equal.",
                        name);
}

/* What clients may have written on the new server is on its volume alone: that stays one that was
 * served from, which nothing removes. */
static void take_back_switch(struct step_run *run, const cJSON *record, const char *volume)
{
    if (!json_true_at(record, MOVE_WRITTEN) && !json_true_at(record, MOVE_GIVEN_UP))
        switched_take_back(run, volume);
}

/* What an earlier attempt left is brought to its end first. */
static bool end_earlier(struct move *move, struct error *error)
{
    struct step_run *run = move->run;
    cJSON *record = NULL;
    bool moved = false, done = move_record_read(run, &record, error);
    if (done && record) {
        step_log(run, "an earlier attempt to move didn't come to its end");
        done = move_end_one(run, move->lock, &move->guard, record, &moved, error);
        tell_written(move, record);
        const cJSON *side = cJSON_GetObjectItemCaseSensitive(record, moved ? MOVE_TO : MOVE_FROM);
        const char *volume = json_text(record, MOVE_VOLUME);
        if (done)
            step_log(run, "the container that was %s serves", json_text(side, MOVE_NAME));
        if (done && !moved && volume && !json_true_at(record, MOVE_WAY_BACK))
            take_back_switch(run, record, volume);
        done = done && (!moved || move_keep_last(run, record, error)) &&
               move_record_remove(run, error) && check_unwritten(move, record, error);
    }
    cJSON_Delete(record);
    return done;
}

static bool find_container(struct move *move, const char *argument,
                           struct docker_container *container, struct error *error)
{
    const char *server = step_text(move->run, argument);
    char *name = step_server_setting(move->run, server, "container");
    bool found = name ? docker_inspect(move->docker, name, container, error)
                      : error_set(error, ERROR_RUNBOOK, "server \"%s\" has no container", server);
    free(name);
    return found;
}

static bool has_moved(const struct move *move)
{
    return docker_is_running(&move->from) && !docker_is_cut_off(&move->from) &&
           move_mounts(&move->from, step_text(move->run, "volume"));
}

/* Compose makes the service anew from the edited file when somebody runs it in between: the copy
 * then serves without what the old server had taken since. Only a switch that is on record is one.
 */
static bool check_switched(const struct move *move, struct error *error)
{
    const char *volume = step_text(move->run, "volume");
    if (move->run->undoing || step_switched(move->run))
        return true;
    error_set(error, ERROR_OTHER,
              "%s runs on volume %s, but it wasn't this run that let it: docker compose up was "
              "run, it seems; what the old server had taken since the backup isn't on it",
              move->from.name, volume);
    return error_remedy(error,
                        "Stop what writes. Roll back with \"lose unknown\" (--lose unknown): "
                        "the old server comes back with all that it had, on its own volume, "
                        "without what was written on %s. Look at that one's rows first.",
                        move->from.name);
}

/* A server that didn't begin with all that the old one had can't be followed back: rows that it
 * never got would be taken for deleted. */
static bool check_successor(const struct move *move, struct error *error)
{
    if (!move->run->undoing || step_switched(move->run) || move->run->loss_accepted)
        return true;
    error_set(error, ERROR_OTHER,
              "%s serves, but it wasn't this run that switched to it: it may lack what the old "
              "server had taken since the backup",
              move->from.exists ? move->from.name : "another server");
    return error_remedy(error, "Roll back with \"lose unknown\" (--lose unknown): the old server "
                               "comes back with all that it had, without what was written on the "
                               "other one since.");
}

static cJSON *side_of(const struct move *move, const char *argument,
                      const struct docker_container *container)
{
    if (!container->exists)
        return cJSON_CreateNull();
    cJSON *side = cJSON_CreateObject();
    cJSON_AddStringToObject(side, MOVE_ID, container->id);
    cJSON_AddStringToObject(side, MOVE_NAME, container->name);
    cJSON_AddStringToObject(side, MOVE_SERVER, step_text(move->run, argument));
    return side;
}

static cJSON *place_of(const struct docker_container *container)
{
    cJSON *place = cJSON_CreateObject();
    cJSON_AddStringToObject(place, MOVE_NAME, container->name);
    cJSON_AddItemToObject(place, "networks", cJSON_Duplicate(docker_networks(container), true));
    return place;
}

static bool begin_record(struct move *move, struct error *error)
{
    cJSON *place = NULL, *record = cJSON_CreateObject();
    bool read = place_read(move->run, move->to.id, &place, error);
    move->record = record;
    cJSON_AddItemToObject(record, MOVE_FROM, side_of(move, "from", &move->from));
    cJSON_AddItemToObject(record, MOVE_TO, side_of(move, "to", &move->to));
    cJSON_AddStringToObject(record, MOVE_LEFT, step_text(move->run, "left"));
    cJSON_AddStringToObject(record, MOVE_VOLUME, step_text(move->run, "volume"));
    cJSON_AddBoolToObject(record, MOVE_WAY_BACK, move->run->undoing);
    if (move->from.exists)
        cJSON_AddItemToObject(record, MOVE_OWN, place_of(&move->from));
    cJSON_AddItemToObject(
        record, MOVE_PORTS,
        cJSON_Duplicate(json_at(move->from.inspect, "NetworkSettings.Ports"), true));
    cJSON_AddItemToObject(
        record, MOVE_WANTED,
        cJSON_Duplicate(json_at(move->to.inspect, "HostConfig.PortBindings"), true));
    if (place)
        cJSON_AddItemToObject(record, MOVE_PLACE, place);
    if (!read || place)
        return read;
    error_set(error, ERROR_OTHER, "it isn't known which place container %s is to take",
              move->to.name);
    return error_remedy(error, "The step docker.park, or the move that it left by, records that.");
}

static bool to_is_there(const struct move *move, struct error *error)
{
    if (move->to.exists)
        return true;
    error_set(error, ERROR_OTHER, "server \"%s\" has no container that could take over",
              step_text(move->run, "to"));
    return error_remedy(error, "The step docker.park makes and starts it.");
}

/* A rollback leaves behind what can't be followed only when the operator has said so. */
static bool explain_refusal(const struct move *move, struct error *error)
{
    if (!move->run->undoing)
        return false;
    char *first = xstrdup(error->remedy);
    error_remedy(error,
                 "%s%sWhat was written since the switch can't be brought back as it stands. To go "
                 "back without it, roll back with \"lose unknown\" (--lose unknown).",
                 first, *first ? " " : "");
    free(first);
    return false;
}

/* The server that leaves, from inside, so that the session outlives its networks. Where it can't be
 * asked there is nobody to fence. */
static bool reach_leaving(struct move *move, struct error *error)
{
    struct fence *fence = &move->fence;
    const char *from = step_text(move->run, "from");
    fence->run = move->run;
    fence->other_way = MOVE_OTHER_FENCE;
    bool found = server_find_inside(move->run, from, &fence->access, error);
    fence->connection = found ? server_open(&fence->access, error) : NULL;
    if (fence->connection)
        return fence_record_read(move->run, from, &fence->held, error) &&
               fence_begin_record(fence, "read_only", error);
    if (!move->run->loss_accepted)
        return explain_refusal(move, error);
    step_log(move->run, "%s: nothing of it is brought over", error->message);
    return true;
}

static bool check_writable(const struct move *move, struct error *error)
{
    struct new_session_setting now;
    if (!new_session_setting(&move->there.parameters, "default_transaction_read_only", 0, &now,
                             error))
        return false;
    if (text_equal(now.value, "off"))
        return true;
    error_set(error, ERROR_SERVER, "container %s would only let its clients read", move->to.name);
    return error_remedy(error,
                        "default_transaction_read_only is on there. If nobody means that: ALTER "
                        "SYSTEM RESET default_transaction_read_only, SELECT pg_reload_conf(), then "
                        "retry.");
}

/* What it was fenced with when it left; nobody reaches it now. */
static bool release_coming(struct move *move, struct error *error)
{
    cJSON *held = NULL;
    char *system = catalog_system(move->coming, error);
    bool done = system && fence_record_find(move->run, move->to.id, system, &held, error);
    const char *fenced_as = json_text(held, FENCE_SERVER);
    char *server = fenced_as ? xstrdup(fenced_as) : NULL;
    if (done && server) {
        fence_record_set(held, FENCE_SERVER, cJSON_CreateString(step_text(move->run, "to")));
        done = fence_release_settings(move->run, held, error) &&
               fence_record_remove(move->run, server, error);
    }
    free(server);
    free(system);
    cJSON_Delete(held);
    return done && check_writable(move, error);
}

/* Before the first comparison, so that what is equal stays so. */
static bool follow_held(struct move *move, struct error *error)
{
    return (move_check_last(move, error) || explain_refusal(move, error)) &&
           move_hold(move, error) && (move_follow(move, error) || explain_refusal(move, error));
}

static bool follows(const struct move *move)
{
    return step_boolean(move->run, "follow") && !move->run->loss_accepted;
}

static bool prepare(struct move *move, struct error *error)
{
    return to_is_there(move, error) && check_successor(move, error) && begin_record(move, error) &&
           reach_leaving(move, error) && move_check(move, error) &&
           move_find_clients(move, error) && release_coming(move, error) &&
           move_record_objects(move, error) &&
           (follows(move) ? follow_held(move, error)
                          : move_come_to_rest(move, step_duration(move->run, "wait"), error));
}

/* What takes its time before the first client has to wait; but behind a pooler's PAUSE, which may
 * take long itself: any reload of the server's settings makes them count. */
static bool prepare_fence(struct move *move, struct error *error)
{
    struct fence *fence = &move->fence;
    const char *volume = step_text(move->run, "volume");
    return (!fence->connection || (fence_record_write(move->run, fence->record, error) &&
                                   fence_write_settings(fence, error))) &&
           (move->run->undoing || switched_record(move->run, volume, error));
}

/* New transactions only read, those that write get their time, then every session ends. Where that
 * may take long the stand-in bears the names behind it: the server goes on answering readers. */
static bool end_sessions(struct move *move, struct error *error)
{
    struct fence *fence = &move->fence;
    struct text writing = {0};
    bool ended = fence_heed_settings(fence, error) && fence_await_writers(fence, &writing, error) &&
                 (!move->busy || stand_in_join(move)) && fence_end_sessions(fence, &writing, error);
    text_free(&writing);
    return ended;
}

static bool stop_clients(struct move *move, struct error *error)
{
    move->times.fenced = clock_monotonic_ms();
    bool ended = !move->fence.connection || end_sessions(move, error);
    move->times.cut = clock_monotonic_ms();
    return ended;
}

/* While the container leaves its networks, which takes the engine a tenth of a second. The one that
 * comes lets others write from then on; none but a worker inside of it could yet, and a move that
 * fails behind this begins with a comparison again. */
static bool bring_rest_over(struct move *move, struct error *error)
{
    return (!move->fence.connection ||
            (fence_await_settings(&move->fence, error) && move_wait_ended(move, false, error))) &&
           move_bring_over(move, error) && move_hold_end(move, error);
}

static bool nobody_is_left(struct move *move, struct error *error)
{
    return !move->fence.connection ||
           (move_wait_ended(move, true, error) && move_check_equal(move, error));
}

static bool swap(struct move *move, struct aside *leaver, struct aside *ender, struct error *error)
{
    bool clients = move->fence.connection != NULL;
    bool done = stop_clients(move, error) && (!clients || aside_begin(ender, error));
    bool leaves = done && aside_begin(leaver, error);
    done = leaves && bring_rest_over(move, error);
    struct error left_not = ERROR_INIT;
    move->times.equal = clock_monotonic_ms();
    bool left = leaves && aside_wait(leaver, done ? error : &left_not);
    move->times.left = clock_monotonic_ms();
    move->late = move_late_is(&left_not);
    if (left)
        stand_in_take(move);
    aside_end(ender);
    done = done && left && nobody_is_left(move, error);
    if (done)
        move_tell_clients(move, &move->from);
    move->serving_ms = clock_wall_ms();
    move->times.told = clock_monotonic_ms();
    done = done && move_join(move, error);
    move->times.joined = clock_monotonic_ms();
    if (done)
        stand_in_leave(move);
    return done;
}

static bool switch_over(struct move *move, struct error *error)
{
    struct aside leaver = {0}, ender = {0};
    stand_in_prepare(move);
    move_limit_calls(move);
    bool done = (!move->fence.connection || move_prepare_ending(move, &ender, error)) &&
                move_prepare_leave(move, &leaver, error) && move_pool_pause(move, error) &&
                prepare_fence(move, error) && move_see_busy(move, error) &&
                (move->busy || stand_in_join(move)) && swap(move, &leaver, &ender, error) &&
                move_pool_resume(move->run, move->console, move->record, error);
    docker_limit(move->docker, 0);
    if (done)
        move_see_answer(move);
    aside_end(&leaver);
    aside_end(&ender);
    return done;
}

/* A session keeps its container's network namespace in being, with whatever interface a refused
 * join has left in there (engine 20.10): that one would go on answering for the address when the
 * container has been started anew. */
static void close_sessions(struct move *move)
{
    follow_close(move->follow);
    pg_close(move->coming);
    server_free(&move->there);
    pg_close(move->fence.connection);
    pg_close(move->console);
    move->follow = NULL;
    move->coming = NULL;
    move->console = NULL;
    move->fence.connection = NULL;
}

/* A call that failed may have been carried out all the same: what is there decides. */
static bool bring_to_end(struct move *move, bool switched, struct error *error)
{
    bool moved = false;
    struct error second = ERROR_INIT;
    long for_ms = step_duration(move->run, "recover_for");
    if (!switched) {
        step_log(move->run, "%s", error->message);
        if ((move->late || move_late_is(error)) &&
            !move_late_note(move->run, move->record, &second))
            step_log(move->run, "%s", second.message);
        close_sessions(move);
        stand_in_yield(move);
    }
    bool settled = move_settle(move->run, move->record, for_ms, &moved, &second);
    stand_in_close(move);
    if (settled && !moved)
        settled = move_late_watch(move->run, move->record, &second);
    tell_written(move, move->record);
    if (!settled) {
        if (!switched)
            error_wrap(&second, "%s", error->message);
        *error = second;
        return false;
    }
    if (!moved && !move->run->undoing)
        take_back_switch(move->run, move->record, step_text(move->run, "volume"));
    if (!moved)
        error_wrap(error, "nothing was moved, %s serves on",
                   move->from.exists ? move->from.name : "nobody");
    return moved;
}

/* One that was killed, or started anew, meanwhile may be coming up. */
static bool reopen_left(struct fence *fence, struct error *error)
{
    int64_t deadline = clock_monotonic_ms() + LEFT_MS;
    pg_close(fence->connection);
    fence->connection = NULL;
    for (;;) {
        if (server_find_again(&fence->access, error))
            fence->connection = server_open(&fence->access, error);
        if (fence->connection || clock_monotonic_ms() >= deadline)
            return fence->connection != NULL;
        clock_sleep_ms(PAUSE_MS);
    }
}

/* The settings that it is left with stand in its memory alone. Nobody waits for this. */
static void clear_file(struct move *move)
{
    struct error error = ERROR_INIT;
    struct fence *fence = &move->fence;
    if (!fence->record)
        return;
    bool cleared = (fence->connection && fence_clear_file(fence, &error)) ||
                   (reopen_left(fence, &error) && fence_clear_file(fence, &error));
    /* Behind a rollback nobody comes back to it. */
    if (cleared && move->run->undoing)
        cleared = fence_record_remove(move->run, step_text(move->run, "from"), &error);
    if (!cleared)
        step_log(move->run, "%s", error.message);
}

static bool keep_place(const struct move *move, struct error *error)
{
    const struct docker_container *from = &move->from;
    return cJSON_GetArraySize(docker_networks(from)) == 0 ||
           place_write(move->run, from->id, from->name, docker_networks(from), error);
}

static bool carry_out(struct move *move, struct error *error)
{
    bool begun = prepare(move, error) && keep_place(move, error) &&
                 move_record_write(move->run, move->record, error) &&
                 move_guard_start(move->run, move->lock, &move->guard, error);
    if (!begun)
        return false;
    bool switched = switch_over(move, error);
    bool moved = bring_to_end(move, switched, error);
    if (moved) {
        move_check_left(move);
        clear_file(move);
    }
    bool noted = json_text(move->record, MOVE_SETTLED) != NULL;
    if (noted)
        move_guard_end(&move->guard);
    if (noted && moved && !move_keep_last(move->run, move->record, error))
        return false;
    if (noted && !move_record_remove(move->run, moved ? error : &(struct error)ERROR_INIT))
        return false;
    return moved;
}

static void end_move(struct move *move)
{
    follow_close(move->follow);
    pg_close(move->coming);
    pg_close(move->console);
    server_free(&move->there);
    fence_disconnect(&move->fence);
    cJSON_Delete(move->fence.record);
    cJSON_Delete(move->fence.held);
    free(move->fence.began);
    free(move->fence.loaded);
    text_list_free(&move->clients);
    cJSON_Delete(move->record);
    docker_container_free(&move->from);
    docker_container_free(&move->to);
    docker_close(move->docker);
}

static bool run_move(struct step_run *run, struct error *error)
{
    struct move move = {.run = run, .lock = -1};
    bool done = move_lock(run, MOVE_LOCK_MS, &move.lock, error) && end_earlier(&move, error);
    move.docker = done ? docker_open(error) : NULL;
    done = move.docker && find_container(&move, "from", &move.from, error) &&
           find_container(&move, "to", &move.to, error);
    bool there = done && has_moved(&move);
    if (there && !check_switched(&move, error))
        done = false;
    else if (there)
        step_log(run, "%s has the volume %s already", move.from.name, step_text(run, "volume"));
    else
        done = done && carry_out(&move, error);
    if (!done && run->undoing) {
        close_sessions(&move);
        if (!move.written)
            move_renew_last(&move);
    }
    done = done && move_report(&move, error);
    end_move(&move);
    move_guard_leave(&move.guard);
    if (move.lock >= 0)
        close(move.lock);
    return done;
}

static const struct argument arguments[] = {
    {"from", ARGUMENT_SERVER, true, NULL, NULL, "the server that serves now; its container leaves"},
    {"to", ARGUMENT_SERVER, true, NULL, NULL, "the parked server, whose container comes"},
    {"server", ARGUMENT_SERVER, true, NULL, NULL, "the server as clients reach it"},
    {"volume", ARGUMENT_TEXT, true, NULL, NULL, "the volume of the one that comes"},
    {"left", ARGUMENT_TEXT, true, NULL, NULL,
     "what the container that leaves is called from then on"},
    {"follow", ARGUMENT_BOOLEAN, false, "yes", NULL,
     "brings over what is written until the switch; no takes the copy as it is"},
    {"rounds", ARGUMENT_INTEGER, false, "5", NULL,
     "how often what was written meanwhile is brought over before clients have to wait, at most, "
     "and again behind long statements"},
    {"round_for", ARGUMENT_DURATION, false, "100ms", NULL,
     "a round that takes no longer is the last one before clients have to wait"},
    {"round_most", ARGUMENT_DURATION, false, "3s", NULL,
     "when the last round took longer nothing is moved: clients would have to wait as long"},
    {"wait", ARGUMENT_DURATION, false, "5s", NULL,
     "time for long statements, and those that keep a pooler from pausing, to end before anybody "
     "has to wait for long, and again for transactions that write before their sessions are ended"},
    {"pause_for", ARGUMENT_DURATION, false, "500ms", NULL,
     "a pooler that takes longer to pause is let go, as its clients wait meanwhile, and tried "
     "again "
     "until `wait` is over"},
    {"major", ARGUMENT_INTEGER, false, NULL, NULL, "the major version that has to answer"},
    {"for", ARGUMENT_DURATION, false, "60s", NULL, "time for clients to be answered"},
    {"answer_for", ARGUMENT_DURATION, false, "3s", NULL,
     "time for the Docker engine to answer a call of the switch, as clients wait for it; then the "
     "move fails"},
    MOVE_END_ARGUMENTS,
    {"pooler", ARGUMENT_TEXT, false, NULL, NULL,
     "PgBouncer in front of the service: the server entry of its admin console; empty for none"},
    {0},
};

const struct action docker_move_action = {
    .name = "docker.move",
    .danger = DANGER_CHANGE,
    .help = "let a parked server take over a running one's place, in a fraction of a second",
    .arguments = arguments,
    .run = run_move,
};
