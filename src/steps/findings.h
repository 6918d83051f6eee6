/* findings.h: what a check finds, gathered: all of it is shown, and the first failure is the step's
 * own. */
#ifndef STEPS_FINDINGS_H
#define STEPS_FINDINGS_H

#include "steps/step.h"

/* The argument that every action with findings has in its table. */
#define FINDINGS_ARGUMENT "allow"
#define FINDINGS_HELP "names of findings that stay warnings, as somebody has provided for them"

struct finding {
    const char *key;    /* by which `allow` names it */
    const char *name;   /* the check's */
    const char *remedy; /* of a failure; or NULL */
    enum verdict verdict;
};

/* Zero-initialised but for `run`. Holds no memory of its own. */
struct findings {
    struct step_run *run;
    size_t failures;
    struct error first;
};

/* Reports it as a check. A failure that the step's `allow` names becomes a warning. */
void finding_add(struct findings *findings, const struct finding *finding, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* False with the first failure as the error when there was one. */
bool findings_judge(const struct findings *findings, struct error *error);

/* Appends "a, b and 3 more" of names that come one by one; `count` counts them. */
void findings_name(struct text *text, size_t *count, const char *name);
void findings_name_end(struct text *text, size_t count);

#endif
