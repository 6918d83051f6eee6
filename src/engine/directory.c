/* directory.c: run directories and locks. */
#include "engine/directory.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "engine/journal.h"
#include "engine/state.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

char *state_directory(void)
{
    const char *state = getenv("XDG_STATE_HOME");
    if (state && state[0] == '/')
        return file_join(state, "pgrunbook");
    return file_absolute("~/.local/state/pgrunbook");
}

char *run_directory(const char *run)
{
    char *state = state_directory();
    char *directory = xprintf("%s/runs/%s", state, run);
    free(state);
    return directory;
}

static bool name_valid(const char *name, size_t length)
{
    if (!length || length > 64 || name[0] == '.' || name[0] == '-')
        return false;
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)name[i]) && !strchr("._-", name[i]))
            return false;
    return true;
}

static bool environment_valid(const char *name)
{
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return length && length <= 64 && !name[length];
}

bool run_id_valid(const char *run)
{
    size_t length = strcspn(run, "@");
    return name_valid(run, length) && (!run[length] || environment_valid(run + length + 1));
}

char *run_id_new(const char *name)
{
    time_t now = (time_t)(clock_wall_ms() / 1000);
    struct tm local;
    char stamp[32];
    localtime_r(&now, &local);
    strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &local);
    char *short_name = xstrndup(name, 40);
    char *run = xprintf("%s-%s", short_name, stamp);
    free(short_name);
    return run;
}

static bool make_inside(const char *directory, const char *name, struct error *error)
{
    char *path = file_join(directory, name);
    bool made = mkdir(path, 0700) == 0 || errno == EEXIST ||
                error_errno(error, "can't make directory %s", path);
    free(path);
    return made;
}

/* Opens and locks; `*held` tells that somebody else has it. */
static bool take_lock(const char *path, struct lock *lock, bool *held, struct error *error)
{
    *held = false;
    lock->file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock->file < 0)
        return error_errno(error, "can't open the lock %s", path);
    if (flock(lock->file, LOCK_EX | LOCK_NB) == 0)
        return true;
    *held = errno == EWOULDBLOCK;
    if (!*held)
        error_errno(error, "can't lock %s", path);
    return false;
}

void lock_release(struct lock *lock)
{
    if (lock->file >= 0)
        close(lock->file);
    lock->file = -1;
}

bool engine_alive(const char *directory)
{
    char *path = file_join(directory, "engine.lock");
    struct lock lock = {-1};
    struct error ignored = ERROR_INIT;
    bool held = false;
    if (file_exists(path))
        take_lock(path, &lock, &held, &ignored);
    lock_release(&lock);
    free(path);
    return held;
}

bool run_is_there(const char *directory)
{
    char *journal = file_join(directory, "journal.jsonl");
    bool there = journal_begun(journal);
    free(journal);
    return there;
}

/* Locks what was just made, or what a start left behind that was killed: nobody works in it. */
static bool hold_directory(const char *run, const char *directory, struct lock *making,
                           struct error *error)
{
    making->file = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (making->file < 0)
        return error_errno(error, "can't open %s", directory);
    if (flock(making->file, LOCK_EX | LOCK_NB) == 0 && !run_is_there(directory) &&
        !engine_alive(directory))
        return true;
    lock_release(making);
    error_set(error, ERROR_USAGE, "there is a run %s already", run);
    return error_remedy(error, "go on with it: pgrunbook attach %s; or take another --run-id", run);
}

static bool make_run_directory(const char *run, struct lock *making, char **directory,
                               struct error *error)
{
    char *state = state_directory(), *runs = file_join(state, "runs");
    bool made = file_make_directories(runs, 0700, error);
    free(state);
    *directory = file_join(runs, run);
    free(runs);
    if (!made)
        return false;
    if (mkdir(*directory, 0700) < 0 && errno != EEXIST)
        return error_errno(error, "can't make directory %s", *directory);
    return hold_directory(run, *directory, making, error) &&
           make_inside(*directory, "evidence", error) && make_inside(*directory, "logs", error);
}

bool run_directory_create(const char *run, const char *name, struct lock *making, char **directory,
                          struct error *error)
{
    *directory = NULL;
    making->file = -1;
    if (run && !run_id_valid(run)) {
        error_set(error, ERROR_USAGE, "\"%s\" can't be a run's name", run);
        return error_remedy(error, "use up to 64 letters, digits, '.', '_' and '-'");
    }
    char *made = run ? xstrdup(run) : run_id_new(name);
    bool created = make_run_directory(made, making, directory, error);
    free(made);
    if (created)
        return true;
    lock_release(making);
    free(*directory);
    *directory = NULL;
    return false;
}

struct candidate {
    char *directory;
    int64_t created_ms;
    bool finished;
};

/* Not finished beats finished, newer beats older. */
static bool better(const struct candidate *left, const struct candidate *right)
{
    if (!right->directory || left->finished != right->finished)
        return !right->directory || !left->finished;
    return left->created_ms > right->created_ms;
}

bool run_is_finished(const char *directory)
{
    char *path = file_join(directory, "journal.jsonl");
    struct error ignored =
        ERROR_INIT; /* one that takes no part, or can't be read, isn't waited for */
    struct run_state *state = file_exists(path) ? journal_load(path, &ignored) : NULL;
    bool finished = !state || run_state_finished(state);
    run_state_free(state);
    free(path);
    return finished;
}

/* A run with environments is finished when each of them is. */
static bool all_finished(const char *directory, const struct run_state *state)
{
    bool finished = run_state_finished(state);
    for (size_t i = 0; i < state->environments.count && finished; i++) {
        char *member = xprintf("%s@%s", directory, state->environments.items[i]);
        finished = run_is_finished(member);
        free(member);
    }
    return finished;
}

static void consider(const char *runs, const char *name, struct candidate *best)
{
    struct candidate candidate = {.directory = file_join(runs, name)};
    char *path = file_join(candidate.directory, "journal.jsonl");
    struct error ignored = ERROR_INIT; /* a directory without a journal is no run to find */
    struct run_state *state = file_exists(path) ? journal_load(path, &ignored) : NULL;
    free(path);
    if (state) {
        candidate.created_ms = state->created_ms;
        candidate.finished = all_finished(candidate.directory, state);
    }
    if (state && better(&candidate, best)) {
        free(best->directory);
        *best = candidate;
    } else {
        free(candidate.directory);
    }
    run_state_free(state);
}

static bool find_newest(char **directory, struct error *error)
{
    char *state = state_directory(), *runs = file_join(state, "runs");
    struct candidate best = {0};
    DIR *list = opendir(runs);
    const struct dirent *entry;
    while (list && (entry = readdir(list)))
        if (entry->d_name[0] != '.' && !strchr(entry->d_name, '@'))
            consider(runs, entry->d_name, &best);
    if (list)
        closedir(list);
    *directory = best.directory;
    if (!best.directory) {
        error_set(error, ERROR_USAGE, "there is no run yet in %s", runs);
        error_remedy(error, "start one: pgrunbook run RUNBOOK");
    }
    free(state);
    free(runs);
    return *directory != NULL;
}

bool run_directory_find(const char *run, char **directory, struct error *error)
{
    if (!run)
        return find_newest(directory, error);
    *directory = run_id_valid(run) ? run_directory(run) : NULL;
    if (*directory && run_is_there(*directory))
        return true;
    free(*directory);
    *directory = NULL;
    error_set(error, ERROR_USAGE, "there is no run \"%s\"", run);
    return error_remedy(error, "pgrunbook status without a name shows the newest one");
}

bool lock_engine(const char *directory, struct lock *lock, struct error *error)
{
    char *path = file_join(directory, "engine.lock");
    bool held;
    bool taken = take_lock(path, lock, &held, error);
    if (!taken && held)
        error_set(error, ERROR_LOCKED, "an engine runs for %s already", directory);
    if (!taken)
        lock_release(lock);
    free(path);
    return taken;
}

/* The lock's file is named by the target's hash, as a target may hold any character. */
static bool target_path(const char *target, char **path, struct error *error)
{
    char hex[SHA256_HEX_SIZE];
    sha256_bytes(target, strlen(target), hex);
    char *state = state_directory(), *targets = file_join(state, "targets");
    bool made = file_make_directories(targets, 0700, error);
    *path = xprintf("%s/%.24s.lock", targets, hex);
    free(state);
    free(targets);
    return made;
}

/* The run that the lock file names, when it isn't `run` and isn't finished; the caller frees. */
static char *unfinished_owner(int file, const char *run)
{
    char name[RUN_ID_MAX] = "";
    ssize_t got = pread(file, name, sizeof name - 1, 0);
    name[got > 0 ? got : 0] = '\0';
    name[strcspn(name, "\n")] = '\0';
    if (!run_id_valid(name) || !strcmp(name, run))
        return NULL;
    char *directory = run_directory(name), *journal = file_join(directory, "journal.jsonl");
    struct error ignored = ERROR_INIT; /* a run that is gone or unreadable holds nothing */
    struct run_state *state = file_exists(journal) ? journal_load(journal, &ignored) : NULL;
    bool unfinished = state && !run_state_finished(state);
    run_state_free(state);
    free(journal);
    free(directory);
    return unfinished ? xstrdup(name) : NULL;
}

static bool refuse_target(const char *target, const char *owner, struct error *error)
{
    error_set(error, ERROR_LOCKED, "%s is held by the run %s, which isn't finished", target,
              owner ? owner : "of another user");
    if (!owner)
        return false;
    return error_remedy(
        error, "go on with it: pgrunbook attach %s; or take it back: pgrunbook rollback %s", owner,
        owner);
}

static bool write_owner(int file, const char *run, struct error *error)
{
    char line[RUN_ID_MAX + 1];
    int length = snprintf(line, sizeof line, "%s\n", run);
    if (ftruncate(file, 0) < 0 || pwrite(file, line, (size_t)length, 0) != length ||
        fsync(file) < 0)
        return error_errno(error, "can't write the target's lock");
    return true;
}

bool lock_target(const char *target, const char *run, struct lock *lock, struct error *error)
{
    char *path = NULL;
    bool held = false, taken = false;
    lock->file = -1;
    if (target_path(target, &path, error))
        taken = take_lock(path, lock, &held, error);
    free(path);
    char *owner = lock->file >= 0 ? unfinished_owner(lock->file, run) : NULL;
    if (held || owner)
        taken = refuse_target(target, owner, error);
    free(owner);
    taken = taken && write_owner(lock->file, run, error);
    if (!taken)
        lock_release(lock);
    return taken;
}
