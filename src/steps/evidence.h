/* evidence.h: files of evidence in the run's directory, one a step and kind. */
#ifndef STEPS_EVIDENCE_H
#define STEPS_EVIDENCE_H

#include "steps/step.h"

#include "base/text.h"

/* A line of fields (NULL-terminated) with tabs between them; a tab or a newline in a field becomes
 * a space, so that no field makes another line. */
void evidence_line(struct text *lines, const char *const *fields);
/* One field and the tab after it. */
void evidence_field(struct text *lines, const char *field);
/* Writes evidence/KIND-PHASE-STEP.tsv with mode 0600; nothing while planning. */
bool evidence_write(const struct step_run *run, const char *kind, const struct text *lines,
                    struct error *error);

#endif
