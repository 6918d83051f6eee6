/* worker.h: a forked child that runs one step or watches something, and reports over a pipe. */
#ifndef ENGINE_WORKER_H
#define ENGINE_WORKER_H

#include "base/error.h"
#include "base/text.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct worker {
    pid_t process; /* 0: none. Also its session and process group */
    int reports;   /* reading end, non-blocking; -1: none */
    int commands;  /* writing end towards the worker's standard input; -1: none */
    struct text buffer;
    bool finished; /* its "finished" message came */
    bool ok;
    char *message;          /* or NULL */
    char *remedy;           /* or NULL */
    int64_t deadline_ms;    /* monotonic; 0: none */
    int64_t kill_ms;        /* monotonic: when SIGTERM becomes SIGKILL; 0: not being ended */
    const char *end_reason; /* why it's being ended, or NULL */
};

/* What the child gets. */
struct worker_pipe {
    int reports;  /* writing end */
    int commands; /* reading end */
};

/* Forks. In the child `body` runs and the process ends with it; descriptors other than the pipe's
 * and 0 to 2 are closed there. `run_directory` marks the child's own children (environment
 * PGRUNBOOK_RUN), so that a later engine finds what a killed one left behind. */
bool worker_start(struct worker *worker, const char *run_directory,
                  void (*body)(void *context, const struct worker_pipe *pipe), void *context,
                  struct error *error);
/* In the child: sends one message (a line of JSON), taking ownership. Ends the process when the
 * engine is gone. */
void worker_send(const struct worker_pipe *pipe, cJSON *message);
/* In the child: waits for the engine's answer to a message that asks for one. False when it is no,
 * or the engine is gone. */
bool worker_await(const struct worker_pipe *pipe);
/* In the engine: that answer. */
void worker_answer(const struct worker *worker, bool yes);

/* Reads what is there; every message but "finished" goes to `on_message`, which doesn't own it.
 * False once the worker has ended; worker_reap must follow. */
bool worker_read(struct worker *worker, void (*on_message)(void *context, const cJSON *message),
                 void *context);
/* Waits for the ended process and frees what the worker holds; ok, message and remedy are valid
 * until worker_clear. A worker that ended without a word is a failure. */
void worker_reap(struct worker *worker);
void worker_clear(struct worker *worker);

/* Asks the whole session to end; worker_tick makes it SIGKILL 2 s later. `reason` is kept, not
 * copied. */
void worker_end(struct worker *worker, const char *reason);
/* Time-outs: to be called when the time of worker_next_ms has come. */
void worker_tick(struct worker *worker);
/* Monotonic ms of the next thing to do, 0: none. */
int64_t worker_next_ms(const struct worker *worker);

/* Ends whatever an earlier engine of this run left running (found by PGRUNBOOK_RUN in its
 * environment), and waits for it, at most 5 s. Returns how many processes there were. */
int worker_end_leftovers(const char *run_directory);

#endif
