/* engine_parts.h: the engine's parts among themselves. */
#ifndef ENGINE_ENGINE_PARTS_H
#define ENGINE_ENGINE_PARTS_H

#include "engine/clients.h"
#include "engine/directory.h"
#include "engine/journal.h"
#include "engine/siblings.h"
#include "engine/state.h"
#include "engine/worker.h"
#include "runbook/runbook.h"

#define WATCHERS_MAX 8

struct watcher {
    struct worker worker;
    int64_t restart_ms; /* monotonic; 0: now */
    char *mode;         /* the last command line it was sent, or NULL */
};

/* Who asked for a rollback, and why. */
struct asked_rollback {
    char *reason; /* NULL: nobody */
    char *operator_name;
    char *tty;
    bool automatic; /* the runbook did (on_failure: undo): saves what there is to save */
    /* What was done last, or is under way in the counter. */
    enum asked_stage {
        ASKED_NOW,
        ASKED_COUNTED,
        ASKED_ANSWERED,
        ASKED_FENCED,
        ASKED_COUNTED_FENCED,
    } stage;
    bool fence_held;
    cJSON *answer; /* "rollback_started", which is begun with; NULL: not answered yet */
};

struct engine {
    const char *directory;
    const struct runbook *runbook;
    struct run_state *state;
    struct journal *journal;
    struct clients clients;
    struct lock engine_lock, target_lock;
    struct lock named_lock; /* the target by its Docker engine's own name, when that was ... */
    bool target_unnamed;    /* ... not to be had at the start: the first step that can takes it */
    struct worker worker;   /* the step that runs, its undo, or the saving before a rollback */
    struct worker counter;  /* counts a rollback's price beside it, or fences for that */
    struct asked_rollback asked; /* goes on by itself when that price is nothing */
    cJSON *given_up;             /* a rollback that waits for the end of the undo that runs */
    struct watcher watchers[WATCHERS_MAX];
    struct text outbox; /* lines for all clients, sent after the next sync */
    cJSON *live;        /* the newest live message of each kind, for clients that come later */
    int64_t unfence_ms; /* monotonic: a rollback's fence is taken back then at the earliest */
    long unfence_attempts;
    bool fence_undoing; /* an earlier engine ended in the undo that the rollback fenced for */
    struct siblings *siblings; /* the other environments; NULL: the runbook has none */
    int64_t turn_ms;           /* monotonic: whether it's this one's turn is looked at again then */
    int64_t decision_ms;       /* monotonic: a decision is on its way, nothing is begun before it or
                                  this time; 0: none is */
    int64_t retry_ms;          /* monotonic: a failed step is tried again then; 0: at once */
    int64_t linger_ms; /* monotonic: when the engine of a finished run ends; 0: not finished */
    int64_t stop_ms;   /* monotonic: told to end, it does so then at the latest; 0: not told */
    bool broken;       /* the journal can't be written: nothing may be done any more */
    const char *failed_undo; /* the undo that failed in this go back, what holds comes next; NULL */
    int repeated;            /* how often the way back was begun again by itself */
    bool reached_on_disk;    /* what ended the hold was recorded: it is known to a later start */
    struct error failure;
};

/* engine_events.c. An event gets its number and time, is written to the journal, applied to the
 * state and queued for the clients; takes ownership. A live one is only applied and queued. */
cJSON *engine_event(const char *type);
cJSON *engine_step_event(const char *type, const char *step);
void engine_emit(struct engine *engine, cJSON *event);
void engine_emit_live(struct engine *engine, cJSON *event, const char *key);
/* Everything emitted is on disk afterwards, and with the clients. To be called before acting. */
bool engine_sync(struct engine *engine);
/* The whole journal and the live messages, for a client that attaches. */
void engine_replay(struct engine *engine, struct client *client);
/* A text from outside with every secret's value replaced; the caller frees. */
char *engine_redact(const struct engine *engine, const char *text);

/* engine_schedule.c. Starts what comes next, if nothing runs; called after every change. */
void engine_schedule(struct engine *engine);
void engine_worker_ready(struct engine *engine); /* the worker's pipe can be read */
long engine_undo_limit(const struct engine *engine, const struct step *step); /* ms; 0: none */
/* The event "rollback_started"; its caller adds what was answered to the price. */
cJSON *engine_rollback_event(const char *reason, const char *operator_name, const char *tty);
/* Takes the event; what runs is ended, then undone like the rest. */
void engine_start_rollback(struct engine *engine, cJSON *event);
/* Takes the event of a rollback that gives up what was written: it begins when the undo that was to
 * lose nothing, and runs, has been ended. */
void engine_give_up_undo(struct engine *engine, cJSON *event);
/* A worker's message, journaled or shown as the step's own. */
void engine_take_report(struct engine *engine, const char *step, const cJSON *message);
/* "TYPE" of the step with what became of the worker. */
cJSON *engine_outcome_event(struct engine *engine, const struct worker *worker, const char *type,
                            const char *step);

/* engine_turn.c: a run of several environments. Whether this phase may begin; else the run waits,
 * and engine->turn_ms says when to look again. True at once without environments. */
bool turn_take(struct engine *engine, size_t phase);
/* The operator lets it begin before those that it waits for, or leaves it out. */
bool turn_force(struct engine *engine, const cJSON *command, struct error *error);
bool turn_leave_out(struct engine *engine, const cJSON *command, struct error *error);
/* False for the phases for all while an environment that goes on relies on what they did. */
bool turn_may_roll_back(const struct engine *engine, struct error *error);

/* engine_resume.c: what an earlier engine left: steps that ran, something that is still held. */
void engine_take_up_loose_ends(struct engine *engine);

/* engine_hold.c */
/* Before the step is started: from here on what it holds is let go when the run stops. */
void hold_begin(struct engine *engine, const struct step *step);
/* The run stopped (a failure, a no) before the hold was over: begins to let go. */
void hold_check_stop(struct engine *engine);
void hold_check_limit(struct engine *engine); /* the same when its time is over */
/* The same for a reason from outside; a step that runs is ended. Does nothing when nothing is
 * held. */
void hold_let_go(struct engine *engine, const char *message);
/* Letting go failed at an undo: tries that one again. */
void hold_let_go_again(struct engine *engine);
void hold_finish(struct engine *engine); /* every undo is done */

int64_t hold_deadline(const struct engine *engine); /* wall ms; 0: it is no longer counted */

/* engine_repeat.c: a way back that fails while something is held. */
/* An undo, or the saving before it, failed: the holding step's own undo comes next; without one the
 * run stands still, and as long as something is held the engine begins again by itself. */
void repeat_after_failure(struct engine *engine, const char *path);
/* The holding step after such a failure; NULL when it is let go: the run stands still now. */
const struct step *repeat_holding_step(struct engine *engine);
void repeat_now(struct engine *engine);    /* its time has come */
void repeat_forget(struct engine *engine); /* a way back is begun for another reason */
/* The engine of a broken journal ends: what is held is let go, without a record; the undos can be
 * carried out again by the next start. */
void repeat_last_act(struct engine *engine);

/* engine_price.c: what a rollback would lose. */
/* The step that has the price, or NULL when a rollback costs nothing. */
const struct step *price_step(const struct engine *engine);
/* Counts it anew, in a worker of its own. */
void price_start(struct engine *engine);
void price_ready(struct engine *engine);   /* the counter's pipe can be read */
void counter_ended(struct engine *engine); /* reaped, or never started */
/* A count that came to nothing says so: it must not look like no rows. */
void price_say_unknown(struct engine *engine, const char *step, const char *why);
void price_add(const struct engine *engine, cJSON *event); /* the newest, to a rollback's event */
/* Whether the command answers the newest price; adds the answer to the rollback's event. */
bool price_accept(const struct engine *engine, const cJSON *command, cJSON *event,
                  struct error *error);
/* The step whose saving the rollback begins with, said to be started; NULL: none is to be done. */
const struct step *price_save(struct engine *engine);

/* engine_asked.c: a rollback from being asked for to its beginning. */
/* One that nobody has answered a price for: begins at once when it costs nothing, else once the
 * count says so. Takes the texts' copies. */
void price_ask(struct engine *engine, const char *reason, const char *operator_name,
               const char *tty, bool automatic);
/* One whose price was accepted: takes its event, which is emitted once writes are stopped and the
 * last count holds no more than that. */
void price_answer(struct engine *engine, cJSON *event);
void price_forget_asked(struct engine *engine);
void asked_go_on(struct engine *engine); /* when the counter is free */

/* engine_fence.c: writes stopped for a rollback. */
void fence_start(struct engine *engine, const struct step *step);
void fence_ended(struct engine *engine);         /* the counter, which put it up */
void fence_release_ended(struct engine *engine); /* the counter, which took it back */
/* Takes it back when nothing needs it any more; true while the rollback has to wait for that. */
bool fence_settle(struct engine *engine);
/* What an earlier engine left fenced in a rollback. */
void fence_take_up(struct engine *engine);

/* engine_step.c: what a worker process does. */
struct step_job {
    const struct engine *engine;
    const struct step *step;
    const struct invocation *invocations; /* carried out one after the other */
    size_t count;
    bool undoing;
    bool claims; /* the target, first */
};
void engine_run_step(void *context, const struct worker_pipe *pipe);
const struct step *engine_step(const struct engine *engine, const char *path);

/* engine_target.c: the lock on what the run works on; a finished run takes none. */
bool target_take(struct engine *engine, const char *stack, struct error *error);
void target_release(struct engine *engine);
/* In a step's process, before it does anything: what couldn't be locked by the Docker engine's own
 * name at the start is now, if it answers. ERROR_LOCKED when another run holds it. */
bool target_claim(const struct engine *engine, const struct worker_pipe *pipe, struct error *error);
void target_keep(struct engine *engine, const cJSON *message); /* that process's message */

/* engine_keep.c: a worker's message "facts": they are recorded and on disk, or refused; the worker
 * is told which. */
void engine_keep_facts(struct engine *engine, const char *step, const cJSON *message);

/* engine_gate.c */
bool gate_open(struct engine *engine, const struct step *step, struct error *error);
/* Whether the open gate's evidence still holds; else `error` says what doesn't. */
bool gate_still_holds(const struct engine *engine, const struct step *step, struct error *error);
void gate_answer(struct engine *engine, const char *answer, const cJSON *command);
/* Has the evidence gathered anew that only reads, and opens the gate again. */
void gate_reopen(struct engine *engine, const struct step *step);
/* Has the offered step carried out again, and what stands between it and the gate. */
void gate_take_offer(struct engine *engine, const cJSON *command);
/* The paths of the steps from `first` to `last`, for the event that has them carried out again. */
cJSON *engine_steps_between(const struct run_state *state, long first, long last);

/* engine_command.c: a client's command, checked and carried out or refused. */
/* What was decided and by whom, in the words of the client. */
void engine_add_who(cJSON *event, const cJSON *command);
void engine_command(void *context, struct client *client, const cJSON *command);

/* engine_watch.c */
void watchers_start(struct engine *engine); /* those that don't run and whose time has come */
void watchers_steer(struct engine *engine); /* tells them what the state asks of them */
void watchers_ready(struct engine *engine, size_t index);
void watchers_stop(struct engine *engine);

/* engine_create.c */
cJSON *engine_created_event(const struct runbook *runbook, const char *run, const char *stack);

/* engine_loop.c: runs until the run is finished or SIGTERM; true when it ended as it should. */
bool engine_loop(struct engine *engine);

#endif
