/* state.h: where a run stands, as a pure function of its events. The engine resumes with it, every
 * client draws from it. */
#ifndef ENGINE_STATE_H
#define ENGINE_STATE_H

#include "base/error.h"
#include "base/text.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum run_status {
    RUN_RUNNING,     /* a step runs, or the next is about to */
    RUN_AT_GATE,     /* waits for a decision */
    RUN_DECLINED,    /* a gate was answered with no; stands still until retried or rolled back */
    RUN_STEP_FAILED, /* a step failed; stands still until retried, skipped or rolled back */
    RUN_PAUSED,      /* the operator asked for it; stands between two steps */
    RUN_RELEASING,   /* what a step held is let go: its undo, and those of the steps behind it */
    RUN_ROLLING_BACK,
    RUN_ROLLBACK_FAILED, /* an undo failed; roll back again to go on with it */
    RUN_COMPLETE,
    RUN_ROLLED_BACK,
    RUN_WAITING,  /* one of several environments: a phase isn't this one's turn yet */
    RUN_LEFT_OUT, /* the operator left this environment out before it began */
};

enum step_status {
    STEP_PENDING,
    STEP_AT_GATE,
    STEP_DECLINED,
    STEP_RUNNING,
    STEP_DONE,
    STEP_FAILED,
    STEP_INTERRUPTED, /* the engine died or the operator rolled back while it ran */
    STEP_SKIPPED,
    STEP_UNDOING,
    STEP_UNDONE,
    STEP_UNDO_FAILED,
};

struct check_state {
    char *name;
    int verdict; /* 0 pass, 1 warn, 2 fail */
    char *detail;
};

struct step_state {
    char *path; /* "PHASE/STEP" */
    char *id;
    char *title;
    char *why;    /* or NULL */
    char *action; /* "pg.backup" */
    char *detail; /* its arguments in one line, secrets masked */
    size_t phase; /* index into phases */
    int danger;   /* 0 read, 1 change, 2 destructive */
    int database; /* expected: 0 available, 1 read-only, 2 unavailable */
    bool has_gate;
    bool has_undo;
    bool has_hold;
    bool has_price;
    bool lossless; /* its undo loses nothing, or fails */
    bool has_save;
    bool has_fence; /* around what its rollback leaves behind */
    bool point_of_no_return;
    long planned_ms; /* -1 unknown */
    enum step_status status;
    bool started;    /* was ever started: rollback has to undo it */
    bool confirmed;  /* its gate was; the step may start */
    bool asked;      /* the operator wants it carried out again: its condition isn't asked */
    bool again;      /* it was done, and the operator wanted it done once more: this attempt */
    bool retried;    /* the operator has asked for the next attempt, not the runbook */
    bool back_again; /* its undo failed, and the operator has asked for the way back once more */
    bool skipped_after_failure;
    int attempt;
    int64_t started_ms;  /* wall; 0 when never */
    int64_t finished_ms; /* wall; 0 while it runs */
    char *message;       /* why it failed, or what it reached; or NULL */
    char *remedy;        /* or NULL */
    struct check_state *checks;
    size_t check_count;
    struct text_list log; /* the newest STEP_LOG_MAX lines */
    size_t log_dropped;
    double progress_done; /* live */
    double progress_total;
    char *progress_unit;
    char *progress_label;
    int64_t progress_since_ms; /* wall, of the first report: for rate and estimate */
};
#define STEP_LOG_MAX 2000

struct phase_state {
    char *id;
    char *title;
    bool begun; /* its turn has come; in a run without environments it's never said */
    bool first; /* the operator let it begin before those that it would wait for */
};

/* Whom a phase waits for: until that one is through `phase`. */
struct awaited {
    char *environment; /* "" for the phases that run once for all */
    char *phase;       /* "" for the whole run */
};

/* Why a phase can't begin yet, in a run of several environments. */
struct turn_state {
    char *phase;      /* its id; NULL while nothing is waited for */
    char *message;    /* "waits for test to be through prepare" */
    int64_t until_ms; /* wall; when time is what it waits for, else 0 */
    int64_t since_ms; /* wall */
    struct awaited *awaited;
    size_t awaited_count;
};

/* Rows written to a table of the old server since the snapshot, by its own counters. */
struct row_writes {
    bool known;
    long long inserted, updated, deleted;
};

struct table_rows {
    char *database;
    char *schema;
    char *table;
    long long rows[3]; /* by enum rows_column: snapshot, new, now; -1 unknown */
    char *digest[3];   /* of the rows' contents, or NULL: two that differ are different rows */
    char *kind[3];     /* "materialised view", "extension", or NULL: an ordinary table */
    struct row_writes writes; /* live */
};

/* One line of evidence, frozen when the gate opened. */
struct evidence {
    char *name;
    int verdict;
    char *detail;
};

/* A column of the row counts: which step counts it, and whether that count came to its end. */
struct column_state {
    char *step; /* or NULL */
    bool complete;
    int64_t counted_ms; /* wall, of its end */
};

struct gate_state {
    char *step;   /* path; NULL when no gate is open */
    long opening; /* number of this opening: an answer names it, so a stale answer is refused */
    char *question;
    bool typed;       /* the phrase has to be typed */
    char *phrase;     /* or NULL */
    long long loses;  /* rows written since the snapshot: confirming loses them */
    bool blocked;     /* evidence doesn't hold: can only be declined */
    char *offer;      /* path of the step that can be carried out again instead, or NULL */
    long long writes; /* counted on the old server since the backup, when the gate opened */
    struct evidence *evidence;
    size_t evidence_count;
    char *diff; /* text shown under the evidence, or NULL */
    int64_t opened_ms;
    int64_t deadline_ms; /* wall; 0: none */
};

struct container_state {
    char *name;
    char *image;
    char *state;         /* "running", "exited", "absent", ... */
    char *health;        /* "healthy", "starting", "unhealthy" or "" */
    double cpu_percent;  /* -1 unknown */
    double memory_bytes; /* -1 unknown */
    int64_t started_ms;  /* wall, 0 unknown */
    int64_t seen_ms;     /* wall, when this was last asked successfully */
    char *trouble;       /* why it can't be asked, or NULL */
};

struct service_state {
    bool known;
    bool up;
    double latency_ms;
    char *version;         /* "17.11" of what answers now, or NULL */
    char *trouble;         /* the last failure, or NULL */
    int64_t down_since_ms; /* wall, 0 when up */
    int64_t seen_ms;
    bool fast; /* probing every 10 ms */
};

struct outage {
    char *step;       /* the step that ran when it began, or NULL */
    int64_t began_ms; /* wall */
    double ms;        /* measured; < 0 while it lasts */
    long failures;    /* failed attempts in it; -1: a step measured it and didn't count them */
};

struct writes_state { /* live: written on the old server since the snapshot, by its counters */
    bool known;
    long long inserted, updated, deleted;
    size_t unnamed; /* tables that were written, but not named one by one */
    char *trouble;  /* why it can't be told, or NULL */
    int64_t seen_ms;
};

/* What a step holds since it was started, until a fact is recorded. */
struct hold_state {
    char *step;          /* path; NULL when nothing is held */
    char *until;         /* the fact's key */
    bool reached;        /* it is recorded: nothing is let go by itself any more */
    int64_t since_ms;    /* wall */
    int64_t deadline_ms; /* wall: then it is let go */
};

/* Why it is let go; what the run stands still with once that is done. */
struct release_state {
    char *step;    /* path; NULL: nothing is being let go */
    bool declined; /* at its gate; else it failed */
    char *message; /* or NULL */
    char *remedy;  /* or NULL */
};

/* What a rollback would lose: the newest count. */
struct price_state {
    bool counting;
    bool known;     /* a count has ended since the last one began */
    char *unknown;  /* why it couldn't be counted, or NULL */
    long long rows; /* written on the new server since the switchover */
    long long tables;
    int64_t taken_ms; /* wall; names this count in an answer to it */
    bool fencing;     /* writes on the new server are being stopped */
    bool fenced;      /* that was begun, and wasn't taken back yet */
};

/* Saving those rows before the rollback. */
struct save_state {
    bool wanted; /* the rollback begins with it */
    bool running;
    bool done;
    char *what; /* the file, once its fact "saved" says so; before, the action's arguments */
};

struct run_state {
    char *run;                     /* "RUN", or "RUN@ENVIRONMENT" */
    char *environment;             /* this one's, or NULL */
    struct text_list environments; /* of the runbook, in the file's order; none: it has none */
    char *name;
    char *title;
    char *stack;
    char *operator_name;
    char *runbook_path;
    char *runbook_sha256;
    char *confirming_tty;
    enum run_status status;
    bool pause_requested;
    bool point_of_no_return_passed;
    char *point_of_no_return_step;
    char *rollback_reason;
    bool loss_accepted; /* the rollback goes on without what the new server holds alone */
    int64_t created_ms;
    int64_t finished_ms;
    int64_t event_ms; /* wall time of the newest event */
    long sequence;    /* of the newest journaled event */
    struct phase_state *phases;
    size_t phase_count;
    struct step_state *steps;
    size_t step_count;
    long current; /* index of the step that runs or waits, -1 when none */
    struct gate_state gate;
    struct turn_state turn;
    struct hold_state hold;
    struct release_state release;
    int64_t again_ms; /* wall: then a way back that failed is begun again by itself; 0: it isn't */
    struct price_state price;
    struct save_state save;
    struct table_rows *tables; /* sorted by database, schema, table */
    size_t table_count;
    size_t table_capacity;
    struct column_state columns[3]; /* by enum rows_column */
    cJSON *facts;                   /* object */
    cJSON *handed_on;               /* object: those of them that the phases for all recorded */
    cJSON *variables;               /* object of texts, secrets masked */
    struct container_state *containers;
    size_t container_count;
    struct service_state service;
    struct writes_state writes;
    struct outage *outages;
    size_t outage_count;
    bool unwatched;       /* no watcher measures the service: its steps may */
    bool outage_measured; /* and one has */
    cJSON *decisions;     /* array: who, when, tty, gate, answer, as in the journal */
};

struct run_state *run_state_new(void);
void run_state_free(struct run_state *state);
/* Applies one event (journaled or live). An event of an unknown type or shape is an error and
 * leaves the state as it was. The event stays the caller's. */
bool run_state_apply(struct run_state *state, const cJSON *event, struct error *error);

/* Index by "PHASE/STEP" or step id, -1 when there is none. */
long run_state_step(const struct run_state *state, const char *path);
/* The run can't go further by itself (complete, rolled back or left out). */
bool run_state_finished(const struct run_state *state);
/* Whether every step of the phase is done or was skipped; the phases of `id` or, when that is "",
 * the whole run, which then has to be complete. */
bool run_state_through(const struct run_state *state, const char *id);
/* Whether any step was ever started. */
bool run_state_begun(const struct run_state *state);
/* Something is held and would be let go if the run stopped here. */
bool run_state_holds(const struct run_state *state);
/* Whether the step at this index has something to undo. */
bool run_state_to_undo(const struct run_state *state, long index);
/* Index of the started step whose rollback has a price, -1 when a rollback costs nothing. */
long run_state_price_step(const struct run_state *state);
/* An undo that loses nothing has failed: retry tries it once more. */
bool run_state_may_try_back(const struct run_state *state);
/* The count of the price says that nothing would be lost. */
bool run_state_price_free(const struct run_state *state);
/* A count or a fence is under way: only "lose unknown" is an answer to that. */
bool run_state_price_pending(const struct run_state *state);
/* What has to be typed to give those rows up: "lose 14", or "lose unknown". */
const char *run_state_price_phrase(const struct run_state *state, char *buffer, size_t size);
#define PRICE_PHRASE_MAX 40
#define PRICE_UNKNOWN_PHRASE "lose unknown" /* an answer at any time */
/* The tables that it counted, those with the most rows first: at most `size` objects {database,
 * schema, table, inserted, updated, deleted}, which stay the state's. Returns how many there are in
 * `tables`. */
size_t run_state_price_tables(const struct run_state *state, const cJSON **tables, size_t size);
#define PRICE_TABLES_MAX 500
#define PRICE_MAX_AGE_MS (5 * 60 * 1000) /* of a price that is answered */
/* Rows or changes that were given up by an answer at a gate, 0 for none; *step is the gate's path.
 */
long long run_state_accepted_loss(const struct run_state *state, const char **step);
/* Whether an undo that loses nothing is being carried out: who can't wait for it may give up what
 * was written. */
bool run_state_may_give_up(const struct run_state *state);
/* Measured outage until now in ms: those that ended, and the one that lasts (with `now_ms`). */
double run_state_outage_ms(const struct run_state *state, int64_t now_ms);
/* False where nobody has measured: no outage then says nothing. */
bool run_state_outage_known(const struct run_state *state);
/* Whether two columns of a table (by enum rows_column) say other counts, or other contents where
 * both were looked at. A column that wasn't counted differs from one that was. */
bool table_rows_differ(const struct table_rows *table, int left, int right);

/* What the restore made of a table: the new server against the snapshot. */
enum rows_match {
    ROWS_UNKNOWN,     /* not counted on both yet */
    ROWS_EQUAL,       /* in count and contents */
    ROWS_EQUAL_COUNT, /* in count; the contents weren't looked at */
    ROWS_CAUGHT_UP,   /* not as in the snapshot, but as on the old server now */
    ROWS_COMPUTED,    /* others, but a materialised view's: each server computes its own */
    ROWS_OF_VERSION,  /* none to lose: only one version of its extension has the table */
    ROWS_CONTENTS,    /* as many rows, but others */
    ROWS_DIFFERENT,   /* in count */
    ROWS_MISSING,     /* the new server doesn't have the table */
    ROWS_EXTRA,       /* the snapshot doesn't have it */
    ROWS_UNCOUNTED,   /* the count has ended without saying a number */
};
enum rows_match run_state_match(const struct run_state *state, const struct table_rows *table);
/* A match that has to stop the operator. */
bool rows_match_is_bad(enum rows_match match);
/* "=", "caught up", "+12", "contents", "MISSING"...; "" when unknown. */
const char *rows_match_text(char *buffer, size_t size, const struct table_rows *table,
                            enum rows_match match);

/* What the old server has taken since the snapshot. */
enum written_source {
    WRITTEN_UNKNOWN,
    WRITTEN_EXACT, /* both were counted, and nothing was written after that */
    WRITTEN_LIVE,  /* by the server's counters, seconds old */
};
struct written {
    enum written_source source;
    bool any;                             /* something was written */
    bool kinds;                           /* the three numbers are known */
    long long inserted, updated, deleted; /* rows */
    long long difference;                 /* of the exact counts */
    bool dropped;                         /* the table isn't there any more */
};
struct written run_state_written(const struct run_state *state, const struct table_rows *table);
/* "0", "+12 ~3 -1", "+12", "contents", "DROPPED"; "" when unknown. */
const char *written_text(char *buffer, size_t size, const struct written *written);
/* Of all tables together; its difference is the sum of the counted ones. */
struct written run_state_written_total(const struct run_state *state);

/* How rows of the table differ, from the fact "differences": {key, missing, extra, changed, ranges,
 * keys}; NULL when nobody has looked. The state's. */
const cJSON *run_state_difference(const struct run_state *state, const struct table_rows *table);

/* Row counts in words and numbers. */
struct rows_summary {
    size_t tables;          /* known in the snapshot or on the new server */
    size_t compared;        /* known on both */
    size_t different;       /* compared and not equal in count or contents, or missing on one side
                               of a finished count */
    long long difference;   /* sum of |new - snapshot| over those */
    size_t caught_up;       /* other rows than in the snapshot, but those that the old server has
                               now */
    size_t computed;        /* materialised views with other rows: no difference */
    size_t of_version;      /* tables that only one version of their extension has: neither */
    long long rows;         /* in the snapshot */
    size_t drifted_tables;  /* now differs from the snapshot, and the new server lacks it */
    long long drifted_rows; /* sum of |now - snapshot| over those */
    bool drift_known;
};
struct rows_summary run_state_rows(const struct run_state *state);

const char *run_status_name(enum run_status status);   /* "at gate", ... */
const char *step_status_name(enum step_status status); /* "done", ... */
const char *verdict_name(int verdict);                 /* "pass", "warn", "FAIL" */

#endif
