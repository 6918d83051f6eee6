/* evidence_lines.h: verdicts, decisions and the heading of a step as lines, for panels and dialogs.
 */
#ifndef UI_EVIDENCE_LINES_H
#define UI_EVIDENCE_LINES_H

#include "ui/lines.h"
#include "ui/view.h"

/* Title, status in words, message and remedy. */
void evidence_heading(const struct view *view, const struct step_state *step, struct lines *lines,
                      int width);
/* The step's checks, or, while its gate is open, what the gate froze. */
void evidence_checks(const struct view *view, const struct step_state *step, struct lines *lines,
                     int width);
/* Who decided what about the step, and when. */
void evidence_decisions(const struct view *view, const struct step_state *step, struct lines *lines,
                        int width);
/* The evidence of the open gate. */
void evidence_gate(const struct gate_state *gate, struct lines *lines, int width);
/* A difference of two files, added and removed lines marked by colour too. */
void evidence_diff(const char *difference, struct lines *lines);

#endif
