/* move_record.c: the file "move.json", and the lock of those who act on it. */
#include "steps/move/move.h"

#include "base/file.h"
#include "base/json.h"
#include "steps/record.h"
#include "steps/run_lock.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define NAME "move.json"

bool move_record_read(const struct step_run *run, cJSON **record, struct error *error)
{
    char *path = file_join(run->directory, NAME);
    *record = NULL;
    bool read = !file_exists(path) || record_read(path, record, error);
    free(path);
    return read || error_remedy(error, "It says which of two containers has to serve: look with "
                                       "docker ps at what the service's networks hold.");
}

bool move_record_write(const struct step_run *run, const cJSON *record, struct error *error)
{
    char *path = file_join(run->directory, NAME);
    bool written = record_write(path, record, error);
    free(path);
    return written || error_wrap(error, "recording the move");
}

bool move_record_remove(const struct step_run *run, struct error *error)
{
    char *path = file_join(run->directory, NAME);
    bool removed = unlink(path) == 0
                       ? file_sync_directory(run->directory, error)
                       : errno == ENOENT || error_errno(error, "can't remove %s", path);
    free(path);
    return removed;
}

const char *move_record_id(const cJSON *record, const char *side)
{
    return json_text(cJSON_GetObjectItemCaseSensitive(record, side), MOVE_ID);
}

bool move_lock(struct step_run *run, long wait_ms, int *lock, struct error *error)
{
    const struct run_lock move = {"move.lock", "move", false, wait_ms};
    return run_lock(run, &move, lock, error);
}
