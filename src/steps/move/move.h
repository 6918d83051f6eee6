/* move.h: the parts of a move among themselves: a server takes over another one's place in its
 * stack, while both run. */
#ifndef STEPS_MOVE_MOVE_H
#define STEPS_MOVE_MOVE_H

#include "steps/fence/fence.h"
#include "steps/follow/follow.h"
#include "steps/move/aside.h"
#include "steps/move/stand_in.h"
#include "steps/server/server.h"
#include "steps/step.h"

#include <stdint.h>

/* What a move has to bring to an end, one way or the other: the file "move.json" in the run's
 * directory, there from before the first change until nothing is left to do. */
#define MOVE_FROM "from"     /* {id, name, server}: who leaves; null when there is none */
#define MOVE_TO "to"         /* {id, name, server}: who comes */
#define MOVE_ID "id"         /* the container's */
#define MOVE_NAME "name"     /* its name before the move */
#define MOVE_SERVER "server" /* of the runbook */
#define MOVE_LEFT "left"     /* what the container that leaves is called afterwards */
#define MOVE_PLACE "place"   /* {name, networks} of who comes */
#define MOVE_OWN "own"       /* {name, networks} of who leaves, as it was */
#define MOVE_PORTS "ports"   /* of who leaves, as they were published */
#define MOVE_WANTED "wanted" /* of who comes, as they will be */
#define MOVE_VOLUME "volume" /* of who comes */
#define MOVE_XID "xid"       /* of who comes, equal, before it joined its first network */
#define MOVE_LAST "last"   /* {system, xid} of who leaves, when nobody could write there any more */
#define MOVE_CAME "came"   /* true: who comes was on one of its networks */
#define MOVE_MOVED "moved" /* true: clients may have written on who came */
#define MOVE_STAYED "stayed" /* true: clients may have written on who leaves since it came back */
#define MOVE_POOLER "pooler" /* server whose pools are paused; absent: none is */
#define MOVE_WAY_BACK "way_back" /* true: a rollback moves */
#define MOVE_LATE "late" /* wall ms, once it is settled: until then an unanswered call may come */
#define MOVE_HELD "held" /* wall ms: who comes, started then, only lets itself be read */
#define MOVE_UNHELD "unheld"     /* why that couldn't be had, as it was told */
#define MOVE_WRITTEN "written"   /* true: who came late may have been written on */
#define MOVE_GIVEN_UP "given_up" /* true: so was what clients may have written on who came */
#define MOVE_SETTLED "settled"
#define MOVE_BACK "back"       /* who leaves serves on */
#define MOVE_FORWARD "forward" /* who comes serves */

#define MOVE_OTHER_FENCE                                                                           \
    "The runbook pg15-to-pg17.yaml needs no setting when its variable fence is network."

struct move_times {   /* monotonic ms; 0: not yet */
    int64_t fenced;   /* clients could no longer write */
    int64_t cut;      /* their sessions were ended */
    int64_t equal;    /* the last changes were on the one that comes */
    int64_t left;     /* the container was on no network any more */
    int64_t told;     /* nobody waited for the address that is gone */
    int64_t joined;   /* the other one was on the networks */
    int64_t answered; /* the first one afterwards */
};

struct move_guard {
    pid_t process; /* 0: none */
    int pipe;
};

struct move {
    struct step_run *run;
    int lock;                /* -1: not held */
    struct move_guard guard; /* while nobody may serve */
    struct docker *docker;
    struct docker_container from, to; /* inspected before anything is changed */
    struct server_access there;       /* who comes, from inside */
    struct pg_connection *coming;     /* its session */
    cJSON *record;
    struct fence fence;    /* around who leaves; without a connection when that can't be asked */
    bool busy;             /* long statements run on who leaves, and were waited for in vain */
    bool held;             /* nobody else may write on who comes, until its clients do */
    bool late;             /* the engine hasn't answered the call to leave in time */
    struct follow *follow; /* NULL: nothing is brought over */
    struct follow_round last;
    int rounds;
    struct text_list clients; /* network namespaces of containers that may have connections */
    long told;                /* connections that had lost their server */
    bool written;      /* who comes may have been, before it was taken off its networks again */
    bool last_unknown; /* on a way back: whether the server that comes was written on since it left
                        */
    struct stand_in stand_in;
    struct pg_connection *console; /* of the pooler that this process has paused */
    struct move_times times;
    int64_t serving_ms; /* wall: just before the one that comes could be reached; 0: not yet */
};

/* move_record.c */
bool move_record_read(const struct step_run *run, cJSON **record, struct error *error);
bool move_record_write(const struct step_run *run, const cJSON *record, struct error *error);
bool move_record_remove(const struct step_run *run, struct error *error);
/* The id of MOVE_FROM or MOVE_TO; NULL when there is none. */
const char *move_record_id(const cJSON *record, const char *side);
/* One run moves one thing at a time: waits for what an earlier process of this run still does,
 * `wait_ms` at most. The lock is held until the descriptor is closed by every process that has it.
 */
#define MOVE_LOCK_MS 600000L
bool move_lock(struct step_run *run, long wait_ms, int *lock, struct error *error);

/* move_checks.c: everything that can fail, looked at while nothing is changed. */
bool move_check(struct move *move, struct error *error);
/* Whether the container mounts that volume. */
bool move_mounts(const struct docker_container *container, const char *volume);

/* move_networks.c: all calls of the Docker engine that the outage is made of. */
/* For a child process, before it is told to begin: a Docker connection belongs to one process, and
 * its opening takes some milliseconds. `context` is the move. */
bool move_open_engine(void *context, struct error *error);
/* From here on clients wait: no call of this connection takes longer than the argument
 * `answer_for`. */
void move_limit_calls(struct move *move);
/* A child process that takes the container off its networks once it is told to. */
bool move_prepare_leave(struct move *move, struct aside *leaver, struct error *error);
bool move_join(struct move *move, struct error *error);

/* move_sessions.c */
/* Looks whether long statements run on the server that leaves: `busy`. */
bool move_see_busy(struct move *move, struct error *error);
/* Waits, until `deadline` (monotonic ms) at most, for an instant in which no statement has been
 * running for long there: nobody is kept from anything meanwhile. *waited: there were some. */
bool move_await_calm(struct move *move, int64_t deadline, bool *waited, struct error *error);
/* A child process that ends foreign sessions again and again, once it is told to and until it is
 * ended. */
bool move_prepare_ending(struct move *move, struct aside *ender, struct error *error);
/* Waits until no foreign session that began before the fence is left, or (`any`) none at all. */
bool move_wait_ended(struct move *move, bool any, struct error *error);

/* move_clients.c */
/* While nothing is changed: whom to tell. */
bool move_find_clients(struct move *move, struct error *error);
/* Once that container, as it was inspected on its networks, has left them: ends the connections
 * that still lead there. */
void move_tell_clients(struct move *move, const struct docker_container *gone);

/* move_follow.c */
bool move_follow(struct move *move, struct error *error); /* while clients write on */
/* Rounds until one is short: what was written since the last one comes over, while clients write
 * on. */
bool move_catch_up(struct move *move, struct error *error);
/* Long statements get their time, `wait_ms` at most, and what was written meanwhile is brought
 * over: the last thing before clients have to wait. An error when they would have to for long. */
bool move_come_to_rest(struct move *move, long wait_ms, struct error *error);
/* The rest, behind the fence; how far that has got the one that comes is on record then. */
bool move_bring_over(struct move *move, struct error *error);
bool move_check_equal(struct move *move, struct error *error); /* nothing came behind that */
/* Once the other one serves: whether anything was written on the one that left since. */
void move_check_left(struct move *move);

/* move_hold.c */
/* From here on nobody but this program writes on the one that comes. The fence's record of that
 * server says what there is to give back. */
bool move_hold(struct move *move, struct error *error);
/* Right before its clients come. What is on record stays to be given back. */
bool move_hold_end(struct move *move, struct error *error);
/* Behind that, where the one that comes isn't to serve after all: `server` of the runbook, in the
 * container of that id. Gives up, with the server's error, when that doesn't answer within a second
 * or has a single statement take longer: some seconds in all. It may be called again. */
bool move_hold_again(struct step_run *run, const char *server, const char *id, struct error *error);

/* move_objects.c */
/* While nothing is changed; nothing is recorded on the way back. */
bool move_record_objects(struct move *move, struct error *error);

/* move_last.c */
/* How far both have written, into the record: before the one that comes joins its first network. */
bool move_note_position(struct move *move, struct error *error);
/* Keeps MOVE_LAST in the run's directory, for the way back; once it has moved. */
bool move_keep_last(const struct step_run *run, const cJSON *record, struct error *error);
/* On the way back: whether nobody has written on the server that comes since it left. From then on
 * the move may write there itself. */
bool move_check_last(struct move *move, struct error *error);
/* Behind a way back that failed, without a session of its own: what is there now counts as its. */
void move_renew_last(struct move *move);

/* move_late.c */
/* Whether that is what an unanswered call ends with. */
bool move_late_is(const struct error *error);
/* From now on a call may be out, for the argument `late_for`: MOVE_LATE, on disk when it returns.
 */
bool move_late_note(const struct step_run *run, cJSON *record, struct error *error);
/* The same for who takes over from a process that died before anything was settled. */
bool move_late_note_death(const struct step_run *run, cJSON *record, struct error *error);
/* The time begins when the move is settled, as the engine may not have been there before: called
 * right before that is noted; in memory only. Nothing where no call is out. */
void move_late_renew(const struct step_run *run, cJSON *record);
/* Milliseconds for which one may be out; 0: none is. All of them before the move is settled. */
long move_late_left(const struct step_run *run, const cJSON *record);
/* What was settled backwards is settled again and again for so long, or until the call has been
 * carried out, by a clock that nobody sets. False when that can't be done in the end: it isn't
 * settled then, and the error's remedy says who goes on. */
bool move_late_watch(struct step_run *run, cJSON *record, struct error *error);

/* move_settle.c: from whatever a move has come to, to exactly one of both that serves. Tries on
 * for `for_ms`. *moved: who came. */
bool move_settle(struct step_run *run, cJSON *record, long for_ms, bool *moved,
                 struct error *error);

/* move_earlier.c */
/* The arguments of a step that brings a move to its end. */
#define MOVE_END_ARGUMENTS                                                                         \
    {"recover_for",                                                                                \
     ARGUMENT_DURATION,                                                                            \
     false,                                                                                        \
     "5m",                                                                                         \
     NULL,                                                                                         \
     "how long the step tries to have one of both serve when calls fail; a process of its own "    \
     "goes on after that"},                                                                        \
    {                                                                                              \
        "late_for", ARGUMENT_DURATION, false, "60s", NULL,                                         \
            "how long the engine may take to carry out a call that it hasn't answered, or that "   \
            "the step died in: from when one of both serves again, what it does is watched and "   \
            "taken back for so long, before the move is tried again"                               \
    }
/* Brings the move of `record`, an earlier attempt's, to its end if that hasn't been done. `guard`
 * watches meanwhile: it has ended when this succeeds. *moved: who came. */
bool move_end_one(struct step_run *run, int lock, struct move_guard *guard, cJSON *record,
                  bool *moved, struct error *error);
/* The same for a step that starts a server and makes no move: the record, if there is one, stays
 * for the move that comes. */
bool move_end_first(struct step_run *run, struct error *error);

/* move_guard.c: a process that outlives this one and settles the move when it dies. */
bool move_guard_start(const struct step_run *run, int lock, struct move_guard *guard,
                      struct error *error);
/* It is no longer needed: waits for its end. */
void move_guard_end(struct move_guard *guard);
/* Nobody serves yet, and this process gives up: it goes on trying, on its own. It ends for good
 * when it finds somebody at work, so that nothing may be done behind this but closing the lock. */
void move_guard_leave(struct move_guard *guard);

/* move_pooler.c: PgBouncer in front of the server, the argument `pooler`; without it nothing is
 * done. */
bool move_has_pooler(const struct step_run *run);
/* Whether its console lets us in, answers, and would take a PAUSE. */
bool move_pool_check(const struct step_run *run, struct error *error);
/* Appends its settings that would make clients wait, should something not go as it does; nothing
 * when it has none, or doesn't tell. */
void move_pool_slow(const struct step_run *run, struct text *found);
/* Keeps the session on its console, which takes time to open. */
bool move_pool_pause(struct move *move, struct error *error);
/* Lets clients through again, to where the name leads now. `console`: as the pause has kept it, or
 * NULL. */
bool move_pool_resume(struct step_run *run, struct pg_connection *console, cJSON *record,
                      struct error *error);

/* move_report.c */
/* The first answer that a client gets, for the figures. */
void move_see_answer(struct move *move);
/* Waits until clients are answered; then the figures. */
bool move_report(struct move *move, struct error *error);

#endif
