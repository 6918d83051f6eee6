/* action.h: what a row of the table of actions says: name, arguments, danger, help, and the
 * function that carries it out. The loader, `check`, the schema file and the reference read these
 * rows; the rows themselves stand in steps/. */
#ifndef RUNBOOK_ACTION_H
#define RUNBOOK_ACTION_H

#include "base/error.h"

#include <cjson/cJSON.h>
#include <stdbool.h>

enum argument_type {
    ARGUMENT_TEXT,
    ARGUMENT_INTEGER,
    ARGUMENT_BOOLEAN,  /* yes/no, true/false, on/off */
    ARGUMENT_DURATION, /* 250ms, 30s, 5m, 24h, 2d; read as milliseconds */
    ARGUMENT_SIZE,     /* 512, 64kB, 1MB, 2GiB; read as bytes */
    ARGUMENT_ENUM,     /* one of `choices` */
    ARGUMENT_PATH,     /* a file or directory; "~/" is expanded */
    ARGUMENT_PORT,     /* 1 to 65535 */
    ARGUMENT_SERVER,   /* a key of the runbook's `servers` */
    ARGUMENT_LIST,     /* a list of texts; one text stands for a list of one */
    ARGUMENT_TREE,     /* a map or a list of texts, maps and lists */
    ARGUMENT_FACTS,    /* a map from keys of facts, which the step records, to texts */
    ARGUMENT_MAP,      /* a map from name to text */
};

struct argument {
    const char *name; /* NULL ends a table */
    enum argument_type type;
    bool required;
    const char *fallback;       /* the value when it's absent, as text; NULL for none */
    const char *const *choices; /* NULL-terminated, for ARGUMENT_ENUM */
    const char *help;           /* one line */
};

enum danger {
    DANGER_READ,        /* changes nothing; `plan` really runs it */
    DANGER_CHANGE,      /* changes something that an undo or a second run can mend */
    DANGER_DESTRUCTIVE, /* removes something for good */
};

struct step_run; /* steps/step.h: what the function is given, and how it reports */

struct action {
    const char *name; /* "pg.backup" */
    enum danger danger;
    const char *help; /* one line */
    const struct argument *arguments;
    /* Runs in a worker process and may block. Safe to run again after a crash: it first looks
     * whether its work is already done. False with `error` filled when it failed. */
    bool (*run)(struct step_run *run, struct error *error);
    /* What it tunes by itself beside its expanded arguments, for the plan; NULL for nothing. No
     * function: nothing in any case. */
    const char *(*tunes)(const cJSON *arguments);
};

const char *danger_name(enum danger danger);             /* "read", "change", "destructive" */
const char *argument_type_name(enum argument_type type); /* "text", "duration", ... */

#endif
