/* read_step.h: a step that only reads, run outside of a run: what it reports is printed. */
#ifndef CLI_READ_STEP_H
#define CLI_READ_STEP_H

#include "runbook/runbook.h"

#include <cjson/cJSON.h>

/* What steps leave for each other without a run. */
struct read_steps {
    const struct runbook *runbook;
    cJSON *facts;
    cJSON *rows;
    char *directory; /* thrown away in the end */
};

/* Close with read_steps_close in any case. */
bool read_steps_open(struct read_steps *steps, const struct runbook *runbook, struct error *error);
void read_steps_close(struct read_steps *steps);
/* Runs one, with secrets as far as they are known. Logs and checks go to standard output. */
bool read_step_run(struct read_steps *steps, const struct step *step, struct error *error);
/* What failed, and what to do about it, in the same column; `word` is ahead of it ("FAILED"). */
void read_step_tell(const char *word, const struct error *error);

#endif
