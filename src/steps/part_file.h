/* part_file.h: a file that has a name of its own until it is whole, so that a crash leaves no half
 * file under the right one, and neither name is taken from anybody. */
#ifndef STEPS_PART_FILE_H
#define STEPS_PART_FILE_H

#include "steps/step.h"

#include <sys/types.h>

/* PATH.RUN.part, which nobody else writes; the caller frees. */
char *part_name(const struct step_run *run, const char *path);
/* Creates it, in place of what an attempt of this run has left; -1 with an error. */
int part_create(const char *part, mode_t mode, struct error *error);

#endif
