/* report_formats.h: a run's report as Markdown and as HTML. */
#ifndef CLI_REPORT_FORMATS_H
#define CLI_REPORT_FORMATS_H

#include "base/text.h"
#include "engine/state.h"

void markdown_report(const struct run_state *state, struct text *output);
/* What the document begins with, once for all runs that follow. */
extern const char html_report_begin[];
void html_report(const struct run_state *state, struct text *output); /* the same, to be opened */

#endif
