/* step.h: what an action's function is given, and how it reports. It runs in a worker process and
 * talks to the engine by these reports only. */
#ifndef STEPS_STEP_H
#define STEPS_STEP_H

#include "base/error.h"
#include "runbook/action.h"
#include "runbook/runbook.h"

#include <cjson/cJSON.h>
#include <stdbool.h>

struct pg_table;

enum verdict { VERDICT_PASS, VERDICT_WARN, VERDICT_FAIL };

/* The three columns of the row-count panel. */
enum rows_column {
    ROWS_SNAPSHOT, /* on the old server, in the backup's snapshot */
    ROWS_NEW,      /* on the new server */
    ROWS_NOW,      /* on the old server, later than the snapshot */
    ROWS_COLUMNS
};

struct step_run {
    const struct runbook *runbook;
    const char *path;   /* "PHASE/STEP" */
    bool retried;       /* the operator has asked for this attempt, after one that failed */
    bool again;         /* it was done, and the operator wants it done once more; never an undo */
    bool undoing;       /* the invocation is one of the step's undo */
    bool loss_accepted; /* the operator has given up what the new server holds alone */
    bool planning;      /* `plan` runs it: nothing may be changed */
    const cJSON
        *arguments;        /* object, expanded, fallbacks filled in, types checked; holds secrets */
    const cJSON *facts;    /* object: what earlier steps recorded with step_fact */
    const cJSON *rows;     /* array of {column, database, schema, table, rows} seen so far */
    const char *directory; /* the run's directory; evidence/ and logs/ stand in it */
    /* Where reports go: takes ownership of the message. */
    void (*report)(void *context, cJSON *message);
    /* Waits until the facts that were just reported are on disk; false: they were refused. NULL:
     * there is no record. */
    bool (*kept)(void *context);
    void *context;
};

/* Arguments by name. Asking for one that the action's table doesn't have aborts. */
const char *step_text(const struct step_run *run, const char *name); /* NULL when absent */
bool step_boolean(const struct step_run *run, const char *name);     /* false when absent */
long step_integer(const struct step_run *run, const char *name);     /* 0 when absent; ports too */
long step_duration(const struct step_run *run, const char *name); /* milliseconds, 0 when absent */
unsigned long long step_size(const struct step_run *run, const char *name);
const cJSON *step_list(const struct step_run *run,
                       const char *name);                            /* array of strings, or NULL */
const cJSON *step_map(const struct step_run *run, const char *name); /* object, or NULL */
char *step_path(const struct step_run *run, const char *name); /* absolute, caller frees; NULL */

/* A setting of a server, expanded with secrets: "container", "host", "user", ...; caller frees,
 * NULL when it isn't set. */
char *step_server_setting(const struct step_run *run, const char *server, const char *setting);

/* A fact by key, or NULL. */
const cJSON *step_known(const struct step_run *run, const char *key);
/* Whether traffic has moved to the new server: from then on the old one may be gone. */
#define FACT_SWITCHED "switched" /* wall ms when it moved */
bool step_switched(const struct step_run *run);
/* Whether the stack was found to allow a warm switch. */
#define FACT_WARM_SWITCH "warm_switch"

/* Reports. A log line is one line; longer texts are split. */
void step_log(struct step_run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* `total` 0 when unknown; unit "bytes", "tables", "indexes"...; label says what, or NULL. */
void step_progress(struct step_run *run, double done, double total, const char *unit,
                   const char *label);
/* Evidence: a named check with its verdict. A VERDICT_FAIL alone doesn't fail the step; its
 * function decides and returns false. */
void step_check(struct step_run *run, const char *name, enum verdict verdict, const char *format,
                ...) __attribute__((format(printf, 4, 5)));
/* Takes ownership of `value`. A later fact with the same key replaces it. Keys: letters, digits,
 * '.',
 * '_', '-'. */
void step_fact(struct step_run *run, const char *key, cJSON *value);
void step_fact_text(struct step_run *run, const char *key, const char *value);
void step_fact_number(struct step_run *run, const char *key, double value);
/* Several at once (an object, by key), for what can't be taken back: true once they are on disk,
 * and the run goes on. False when somebody has decided otherwise meanwhile: none of them is
 * recorded, and the step must fail before it does what they say. Takes ownership. */
bool step_facts_kept(struct step_run *run, cJSON *facts, struct error *error);
/* One table's exact row count, its rows' digest unless it's "", and its kind unless it's ordinary;
 * forget a column first when it's counted anew. */
void step_rows_begin(struct step_run *run, enum rows_column column);
void step_rows_end(struct step_run *run, enum rows_column column); /* every table was counted */
void step_rows(struct step_run *run, enum rows_column column, const char *database,
               const struct pg_table *table);

/* All rows of the table of actions, NULL-terminated (steps/actions.c). */
extern const struct action *const actions[];
const struct action *action_find(const char *name);

#endif
