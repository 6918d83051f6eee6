/* directory.h: where runs live on disk, how one is found, and the locks that keep two apart. */
#ifndef ENGINE_DIRECTORY_H
#define ENGINE_DIRECTORY_H

#include "base/error.h"

#include <stdbool.h>

/* $XDG_STATE_HOME/pgrunbook (else ~/.local/state/pgrunbook); the caller frees. */
char *state_directory(void);
/* Of one run; it needn't exist. The caller frees. */
char *run_directory(const char *run);
/* 1 to 64 of letters, digits, '.', '_', '-', not beginning with '.' or '-'; or that, '@' and an
 * environment's name. */
bool run_id_valid(const char *run);
#define RUN_ID_MAX 160

/* An id for a new run, from the runbook's name and the time; the caller frees. */
char *run_id_new(const char *name);
/* A file that is locked by this process as long as the descriptor stays open. */
struct lock {
    int file; /* -1: not held */
};
void lock_release(struct lock *lock);

/* Makes the directory of a new run with evidence/ and logs/ in it, all 0700. Without `run` an id is
 * made from `name` and the time. An existing run is an error; what a start has left that was killed
 * before its first event is taken over. `making` is held until the caller releases it, when the
 * run's engine is up; *directory is the caller's. */
bool run_directory_create(const char *run, const char *name, struct lock *making, char **directory,
                          struct error *error);

/* Whether the directory holds a run that has begun to exist: its journal has its first event. */
bool run_is_there(const char *directory);

/* Finds a run by its id; without one, the newest that isn't finished, else the newest. The caller
 * frees *directory. */
bool run_directory_find(const char *run, char **directory, struct error *error);

/* Nothing is left to be done in it; also when there is no run. */
bool run_is_finished(const char *directory);

/* Whether the run's engine is alive: its lock is held by somebody. */
bool engine_alive(const char *directory);
bool lock_engine(const char *directory, struct lock *lock, struct error *error);
/* Takes the target for `run`. Held by another run's engine, or by another run that isn't finished,
 * is ERROR_LOCKED; the message names that run. */
bool lock_target(const char *target, const char *run, struct lock *lock, struct error *error);

#endif
