/* environment.h: what the steps that edit an application's environment file share. */
#ifndef STEPS_ENVIRONMENT_ENVIRONMENT_H
#define STEPS_ENVIRONMENT_ENVIRONMENT_H

#include "compose/environment_file.h"
#include "steps/step.h"

/* The file that the argument `env_file` names, beside the compose file (`file`), its bytes before
 * and after an edit. They hold secrets. Free with environment_close in any case. */
struct environment_file {
    struct step_run *run;
    char *path;
    struct text before, after;
};

bool environment_open(struct step_run *run, struct environment_file *environment,
                      struct error *error);
/* Writes `after` in the place of the file, whose mode and owner stay. The bytes from before the
 * run's first edit are kept in the run's directory. */
bool environment_write(struct environment_file *environment, struct error *error);
void environment_close(struct environment_file *environment);
/* At the end of a rollback: whether the file is as it was is reported, and the kept bytes go. */
bool environment_settle(struct environment_file *environment, struct error *error);
/* Whether this run has edited the file (and not yet taken all of it back). */
bool environment_edited(const struct environment_file *environment);
/* An error where a comment, an example perhaps, reads like the variable `name`, commented out: it
 * would be taken for it as soon as the variable itself has another name, and neither the renames
 * nor the way back could go on. */
bool environment_check_comments(const struct environment_file *environment, const char *name,
                                struct error *error);
/* The kept bytes go: nothing of the old server's is left. */
bool environment_forget(struct environment_file *environment, struct error *error);

#endif
