/* run_lock.c: flock on a file of the run's directory. */
#include "steps/run_lock.h"

#include "base/clock.h"
#include "base/file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>

#define PAUSE_MS 20

static bool wait_for(struct step_run *run, const struct run_lock *lock, int descriptor)
{
    int64_t deadline = clock_monotonic_ms() + lock->timeout_ms;
    bool told = false;
    while (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        if (clock_monotonic_ms() >= deadline)
            return false;
        if (!told)
            step_log(run, "waiting for the end of a %s that an earlier try left", lock->what);
        told = true;
        clock_sleep_ms(PAUSE_MS);
    }
    return true;
}

bool run_lock(struct step_run *run, const struct run_lock *lock, int *descriptor,
              struct error *error)
{
    char *path = file_join(run->directory, lock->file);
    *descriptor = open(path, O_RDWR | O_CREAT | (lock->inherited ? 0 : O_CLOEXEC), 0600);
    if (*descriptor < 0)
        error_errno(error, "can't open %s", path);
    free(path);
    return *descriptor >= 0 &&
           (wait_for(run, lock, *descriptor) ||
            error_set(error, ERROR_OTHER, "an earlier %s of this run doesn't end", lock->what));
}
