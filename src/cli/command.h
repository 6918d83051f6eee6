/* command.h: a subcommand: one file, one row in main.c's table. Help, completion and the manual
 * page come from these rows. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>

struct command_option {
    const char *name;  /* without the dashes; NULL ends the table */
    const char *value; /* what it takes, as the help calls it ("NAME=VALUE"), or NULL */
    const char *help;
};

struct command {
    const char *name;     /* NULL ends the table */
    const char *operands; /* "RUNBOOK", "[RUN]" */
    const char *help;     /* one line */
    const char *about;    /* paragraphs for --help and the manual */
    const struct command_option *options;
    bool decides; /* sends one command to a run's engine, then looks on */
    bool hidden;  /* not in the list of commands */
    /* Gets the arguments from the command's own name on; returns the exit status. */
    int (*run)(const struct command *command, int argc, char **argv);
};

extern const struct command run_command, attach_command, status_command, rollback_command,
    report_command, check_command, plan_command, render_command, init_command, schema_command,
    reference_command, completion_command, pause_command, resume_command, first_command,
    skip_command, manual_command, help_command, version_command;
extern const struct command *const commands[]; /* main.c */

#endif
