/* move_guard.c: the process that settles a move when the one that makes it is killed: in a session
 * of its own, it holds one end of a pipe, and acts when the other end is closed without a word. */
#include "steps/move/move.h"

#include "base/clock.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* A call that the killed process had begun is carried out all the same. */
#define UNDER_WAY_MS 150
#define LOOK_AGAIN_MS 1500
#define TRY_MS 5000L /* at a time: somebody who tries again waits for it */
#define LET_IN_MS 2000
#define LATE_AGAIN_MS 300 /* while a call may come late: what it does is to last no longer */
#define GIVE_UP_MS (24 * 3600 * 1000L)
#define DONE 'd'

static void drop(void *context, cJSON *message)
{
    (void)context;
    cJSON_Delete(message);
}

static bool is_done(int pipe)
{
    char word = 0;
    ssize_t got;
    do
        got = read(pipe, &word, 1);
    while (got < 0 && errno == EINTR);
    return got == 1 && word == DONE;
}

/* What is settled is looked at once more, as the engine may have been late with a call. True when
 * there is nothing left to do, and no such call can be out any more. *late: it is settled, and one
 * may be. */
static bool settle(struct step_run *run, bool *late)
{
    cJSON *record = NULL;
    struct error error = ERROR_INIT;
    bool moved = false, over = move_record_read(run, &record, &error);
    if (over && record)
        over = move_late_note_death(run, record, &error) &&
               move_settle(run, record, TRY_MS, &moved, &error);
    *late = over && record && !moved && move_late_left(run, record) > 0;
    if (over && record && !*late) {
        clock_sleep_ms(LOOK_AGAIN_MS);
        over = move_settle(run, record, TRY_MS, &moved, &error);
    }
    cJSON_Delete(record);
    return over && !*late;
}

/* Nobody serves, and nobody may be there to try again: Docker may be away for hours. Who does try
 * again gets the lock, and takes over. */
static void settle_in_the_end(struct step_run *run, int lock)
{
    int64_t deadline = clock_monotonic_ms() + GIVE_UP_MS;
    struct error error = ERROR_INIT;
    bool late = false;
    clock_sleep_ms(UNDER_WAY_MS);
    bool over = settle(run, &late);
    while (!over && clock_monotonic_ms() < deadline) {
        close(lock);
        clock_sleep_ms(late ? LATE_AGAIN_MS : LET_IN_MS);
        if (!move_lock(run, 0, &lock, &error))
            return;
        over = settle(run, &late);
    }
}

static _Noreturn void be_guard(const struct step_run *guarded, int pipe, int lock)
{
    struct step_run run = *guarded;
    run.report = drop;
    run.kept = NULL;
    setsid();
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    /* The engine must see the worker's end, and the servers that of its sessions. */
    file_close_all_but(pipe, lock);
    if (!is_done(pipe))
        settle_in_the_end(&run, lock);
    _exit(0);
}

bool move_guard_start(const struct step_run *run, int lock, struct move_guard *guard,
                      struct error *error)
{
    int ends[2];
    *guard = (struct move_guard){.pipe = -1};
    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_errno(error, "can't make a pipe");
    guard->process = fork();
    if (guard->process == 0)
        be_guard(run, ends[0], lock);
    close(ends[0]);
    if (guard->process > 0) {
        guard->pipe = ends[1];
        return true;
    }
    close(ends[1]);
    guard->process = 0;
    return error_errno(error, "can't fork");
}

void move_guard_leave(struct move_guard *guard)
{
    if (guard->process != 0)
        close(guard->pipe);
    *guard = (struct move_guard){.pipe = -1};
}

void move_guard_end(struct move_guard *guard)
{
    if (guard->process == 0)
        return;
    const char word = DONE;
    while (write(guard->pipe, &word, 1) < 0 && errno == EINTR)
        continue;
    close(guard->pipe);
    while (waitpid(guard->process, NULL, 0) < 0 && errno == EINTR)
        continue;
    *guard = (struct move_guard){.pipe = -1};
}
