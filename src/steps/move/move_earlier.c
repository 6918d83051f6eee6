/* move_earlier.c: what an earlier attempt to move has left is brought to its end. */
#include "steps/move/move.h"

#include "base/json.h"

#include <unistd.h>

/* Whether nothing has to be taken back that a late call does: none is out, or what it does is what
 * the operator wants by now. */
static bool wants_late(const struct step_run *run, const cJSON *record)
{
    return move_late_left(run, record) == 0 ||
           (run->loss_accepted && json_true_at(record, MOVE_WAY_BACK));
}

/* What was settled by another process stays so: it isn't decided anew, also not by who gives up
 * what was written, whose own move comes next. */
bool move_end_one(struct step_run *run, int lock, struct move_guard *guard, cJSON *record,
                  bool *moved, struct error *error)
{
    struct error second = ERROR_INIT;
    const char *settled = json_text(record, MOVE_SETTLED);
    *moved = text_equal(settled, MOVE_FORWARD);
    if (settled && (*moved || wants_late(run, record)))
        return true;
    /* The guard of that attempt has given way to this process. */
    if (!move_guard_start(run, lock, guard, &second))
        step_log(run, "%s", second.message);
    if (!move_late_note_death(run, record, error) ||
        !move_settle(run, record, step_duration(run, "recover_for"), moved, error) ||
        (!*moved && !move_late_watch(run, record, error)))
        return false;
    move_guard_end(guard);
    return true;
}

bool move_end_first(struct step_run *run, struct error *error)
{
    struct move_guard guard = {.pipe = -1};
    cJSON *record = NULL;
    int lock = -1;
    bool moved = false;
    bool done = move_lock(run, MOVE_LOCK_MS, &lock, error) && move_record_read(run, &record, error);
    if (done && record) {
        step_log(run, "an earlier attempt to move is brought to its end first");
        done = move_end_one(run, lock, &guard, record, &moved, error);
    }
    cJSON_Delete(record);
    move_guard_leave(&guard);
    if (lock >= 0)
        close(lock);
    return done;
}
