/* move_report.c: what a move has cost, in figures. */
#include "steps/move/move.h"

#include "base/clock.h"
#include "base/json.h"
#include "docker/attachment.h"
#include "steps/compose/compose_common.h"
#include "steps/server/ready.h"

#include <stdlib.h>

#define ATTEMPT_MS 1000L
#define FIRST_ANSWER_MS 2000
#define PAUSE_MS 2

void move_see_answer(struct move *move)
{
    int64_t deadline = clock_monotonic_ms() + FIRST_ANSWER_MS;
    struct server_access access;
    struct error ignored = ERROR_INIT; /* whether clients are answered is asked again, for long */
    bool found =
        server_find_as_client(move->run, step_text(move->run, "server"), &access, &ignored);
    bool answered = false;
    while (found && !(answered = server_answers(&access, ATTEMPT_MS, &ignored)) &&
           clock_monotonic_ms() < deadline)
        clock_sleep_ms(PAUSE_MS);
    server_free(&access);
    move->times.answered = answered ? clock_monotonic_ms() : 0;
}

static bool wait_ready(struct move *move, struct error *error)
{
    char version[32] = "";
    struct ready ready = {
        .server = step_text(move->run, "server"),
        .timeout_ms = step_duration(move->run, "for"),
        .major = (int)step_integer(move->run, "major"),
        .after_switchover = true,
    };
    if (!server_wait_ready(move->run, &ready, version, error))
        return false;
    step_check(move->run, "live server", VERDICT_PASS, "PostgreSQL %s on volume %s", version,
               step_text(move->run, "volume"));
    return true;
}

static const char *address_on(const cJSON *networks, const char *network)
{
    const cJSON *endpoint = cJSON_GetObjectItemCaseSensitive(networks, network);
    const char *address = json_text(endpoint, "IPAddress");
    return address ? address : "";
}

/* A client that isn't told notices by a reset, as the address is somebody's; else by its time-out.
 */
static void report_address(struct move *move, const char *network, const char *before,
                           const char *after)
{
    bool same = text_equal(before, after);
    if (same)
        step_check(move->run, "address", VERDICT_PASS, "%s in network %s, as before", after,
                   network);
    else if (*before)
        step_check(
            move->run, "address", VERDICT_WARN,
            "%s in network %s, it was %s: a client that still waits for an answer from there "
            "waits for its time-out; sessions were ended before",
            after, network, before);
}

static void report_addresses(struct move *move, cJSON *fact)
{
    struct docker_container now = {0};
    struct error ignored = ERROR_INIT;
    const cJSON *network;
    cJSON *list = cJSON_AddArrayToObject(fact, "addresses");
    /* When the service had its place before this attempt, there may be nobody to compare with. */
    if (!move->to.exists)
        return;
    if (!docker_inspect(move->docker, move->to.id, &now, &ignored)) {
        step_log(move->run, "the new addresses can't be told: %s", ignored.message);
        return;
    }
    cJSON_ArrayForEach(network, docker_networks(&now))
    {
        const char *before = address_on(docker_networks(&move->from), network->string);
        const char *after = address_on(docker_networks(&now), network->string);
        cJSON *item = cJSON_CreateObject();
        cJSON_AddStringToObject(item, "network", network->string);
        cJSON_AddStringToObject(item, "before", before);
        cJSON_AddStringToObject(item, "after", after);
        cJSON_AddItemToArray(list, item);
        report_address(move, network->string, before, after);
    }
    docker_container_free(&now);
}

static long between(int64_t began, int64_t ended)
{
    return began && ended > began ? (long)(ended - began) : 0;
}

static void report_figures(struct move *move, cJSON *fact)
{
    const struct move_times *times = &move->times;
    long writes = between(times->fenced, times->answered);
    long reads = between(times->cut, times->answered);
    long long rows = move->last.removed + move->last.copied;
    cJSON_AddNumberToObject(fact, "sessions_ended", (double)move->fence.ended);
    cJSON_AddNumberToObject(fact, "rounds", move->rounds);
    cJSON_AddNumberToObject(fact, "rows_last_round", (double)rows);
    cJSON_AddNumberToObject(fact, "write_outage_ms", (double)writes);
    cJSON_AddNumberToObject(fact, "read_outage_ms", (double)reads);
    if (!times->fenced)
        return;
    step_log(move->run,
             "after the first refused write: sessions ended %ld ms, copy equal %ld ms, networks "
             "left %ld ms, clients told %ld ms, networks joined %ld ms, answered %ld ms",
             between(times->fenced, times->cut), between(times->fenced, times->equal),
             between(times->fenced, times->left), between(times->fenced, times->told),
             between(times->fenced, times->joined), writes);
    if (times->answered)
        step_check(move->run, "outage", VERDICT_PASS,
                   "writes %ld ms, reads %ld ms; %ld sessions were ended, %ld connections without "
                   "a server too, %lld rows came over in the last round",
                   writes, reads, move->fence.ended, move->told, rows);
}

/* Of a switch that was settled when this attempt began it isn't known better than by when it was
 * begun. */
static void report_serving(struct move *move)
{
    const cJSON *switched = step_known(move->run, FACT_SWITCHED);
    if (move->serving_ms)
        step_fact_number(move->run, FACT_SERVING, (double)move->serving_ms);
    else if (cJSON_IsNumber(switched) && !step_known(move->run, FACT_SERVING))
        step_fact_number(move->run, FACT_SERVING, switched->valuedouble);
}

bool move_report(struct move *move, struct error *error)
{
    if (!wait_ready(move, error))
        return false;
    cJSON *fact = cJSON_CreateObject();
    cJSON_AddStringToObject(fact, "volume", step_text(move->run, "volume"));
    /* Of one that an earlier attempt has made nothing was measured. */
    if (move->times.fenced) {
        report_figures(move, fact);
        report_addresses(move, fact);
    }
    step_fact(move->run, "move", fact);
    if (!move->run->undoing)
        report_serving(move);
    return true;
}
