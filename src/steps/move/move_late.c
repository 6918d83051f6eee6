/* move_late.c: a call of the switch that the engine hasn't answered, or whose caller has died, may
 * be carried out all the same: until when is on record, and what it does is watched. */
#include "steps/move/move.h"

#include "base/clock.h"
#include "base/json.h"

#include <stdlib.h>
#include <string.h>

#define AGAIN_MS 500

bool move_late_is(const struct error *error)
{
    return strstr(error->message, DOCKER_LATE) != NULL;
}

static void set_until(const struct step_run *run, cJSON *record)
{
    int64_t until = clock_wall_ms() + step_duration(run, "late_for");
    fence_record_set(record, MOVE_LATE, cJSON_CreateNumber((double)until));
}

bool move_late_note(const struct step_run *run, cJSON *record, struct error *error)
{
    set_until(run, record);
    return move_record_write(run, record, error);
}

bool move_late_note_death(const struct step_run *run, cJSON *record, struct error *error)
{
    return json_text(record, MOVE_SETTLED) || cJSON_GetObjectItemCaseSensitive(record, MOVE_LATE) ||
           move_late_note(run, record, error);
}

void move_late_renew(const struct step_run *run, cJSON *record)
{
    if (cJSON_HasObjectItem(record, MOVE_LATE) && !json_text(record, MOVE_SETTLED))
        set_until(run, record);
}

/* An engine that can't be asked may carry the call out when it is there again: before that nothing
 * is settled, and nothing is over. The clock may have been set back meanwhile. */
long move_late_left(const struct step_run *run, const cJSON *record)
{
    const cJSON *until = cJSON_GetObjectItemCaseSensitive(record, MOVE_LATE);
    long most = step_duration(run, "late_for");
    if (!cJSON_IsNumber(until))
        return 0;
    double left = json_text(record, MOVE_SETTLED) ? until->valuedouble - (double)clock_wall_ms()
                                                  : (double)most;
    return left <= 0 ? 0 : left < (double)most ? (long)left : most;
}

/* Whoever settles it next has to look again at what is there. */
static bool leave_unsettled(const struct step_run *run, cJSON *record, struct error *error)
{
    struct error second = ERROR_INIT;
    char *first = xstrdup(error->remedy);
    cJSON_DeleteItemFromObjectCaseSensitive(record, MOVE_SETTLED);
    if (!move_record_write(run, record, &second))
        error_wrap(error, "%s", second.message);
    error_remedy(error,
                 "%s%sA process of its own goes on watching, and takes back what the engine does "
                 "late. A retry takes over from it, and begins once nothing can come late any "
                 "more.",
                 first, *first ? " " : "");
    free(first);
    return error_wrap(error, "watching what became of a call that Docker hadn't answered");
}

bool move_late_watch(struct step_run *run, cJSON *record, struct error *error)
{
    bool settled = true, moved = false;
    struct error last = ERROR_INIT;
    long left = move_late_left(run, record);
    int64_t deadline = clock_monotonic_ms() + left; /* whatever becomes of the other clock */
    char time[24];
    if (left > 0)
        step_log(run,
                 "the engine may still carry out a call that it hasn't answered: what it does is "
                 "watched for %s",
                 text_duration(time, sizeof time, left));
    for (; left > 0 && !moved && clock_monotonic_ms() < deadline;
         left = move_late_left(run, record)) {
        clock_sleep_ms(AGAIN_MS);
        last = (struct error)ERROR_INIT;
        settled = move_settle(run, record, left, &moved, &last);
    }
    if (settled)
        return true;
    *error = last;
    return leave_unsettled(run, record, error);
}
