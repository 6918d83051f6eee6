/* options.h: what subcommands share: reading options, loading a runbook, telling errors. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "base/error.h"
#include "base/text.h"
#include "cli/command.h"
#include "runbook/runbook.h"
#include "steps/lookup.h"

struct options {
    const struct command *command; /* that they were read for */
    const char *operand;           /* the only one that any subcommand takes, or NULL */
    struct text_list set;          /* NAME=VALUE each */
    struct text_list vars;         /* files */
    struct text_list confirm;      /* gates */
    struct text_list environments; /* by name; none: all of them */
    const char *run_id;
    const char *format;
    const char *lose;  /* number of rows */
    const char *phase; /* that an environment may begin first */
    bool alone;        /* RUN@all: the phases for all without the environments */
    bool plain, watch, json, save, retry, help, all;
};

/* Reads options by the command's table (getopt_long). False after it has told what is wrong, or
 * after
 * --help; *status is the exit status then. */
bool options_read(const struct command *command, int argc, char **argv, struct options *options,
                  int *status);
void options_free(struct options *options);

/* Prints the error as the operator reads it and returns its exit status. */
int tell_error(const struct error *error);
/* All faults of a runbook file, FILE:LINE:COLUMN: message. */
void tell_faults(const char *path, const struct fault_list *faults);

/* Loads the file and no more. NULL with the exit status in *status after everything was told. */
struct runbook *read_runbook(const char *path, int *status);
/* Sets variables, looks up the rest, checks values. False with the exit status in *status after
 * everything was told. `lookup` NULL: nothing is looked up, secrets stay open. */
bool fill_runbook(struct runbook *runbook, const struct options *options, struct lookup *lookup,
                  int *status);
/* Both. */
struct runbook *load_runbook(const struct options *options, struct lookup *lookup, int *status);

/* The same without a word, of a runbook that was found good: what has no value gets an empty one.
 * NULL with `error`. */
struct runbook *load_runbook_leniently(const struct options *options, const char *environment,
                                       struct lookup *lookup, struct error *error);

/* Asks at the terminal, without echo for a secret; NULL when there is no terminal. */
char *ask_operator(const struct variable *variable);

/* The options of commands that look at a runbook: its variables. */
extern const struct command_option variable_options[]; /* --set, --vars, --environment */
#define ENVIRONMENT_OPTION                                                                         \
    {                                                                                              \
        "environment", "NAME", "only this environment (may be repeated)"                           \
    }

/* A run's engine, started again if it isn't alive; then the secrets are read from the files of
 * --vars, and what nobody knows is told on standard error. */
bool ensure_engine(const char *directory, const struct options *options, struct error *error);
/* The same for every environment of a run that isn't finished, or for the one whose directory it
 * is. One that can't be started is told; false when that is all of them. */
bool ensure_engines(const char *directory, const struct options *options, struct error *error);
/* The row of --vars for commands that go on with a run. */
#define VARS_OF_RUN_OPTION                                                                         \
    {                                                                                              \
        "vars", "FILE", "take secrets from a YAML map, should the engine have to be started again" \
    }

/* What the subcommands for a run share: reads the options, finds the run that the operand names (or
 * the newest), and returns what `body` makes of it. */
int with_run(const struct command *command, int argc, char **argv,
             int (*body)(const char *directory, const struct options *options));

/* Whether the operand named one run of a group, RUN@ENVIRONMENT or RUN@all, whose directory it is.
 */
bool means_one_run(const char *directory, const struct options *options);

/* Usage of one command on standard output (--help). */
void print_usage(const struct command *command);

#endif
