/* report_formats.h: a run's report as Markdown and as HTML. */
#ifndef CLI_REPORT_FORMATS_H
#define CLI_REPORT_FORMATS_H

#include "base/text.h"
#include "engine/state.h"

/* The head of a report on several environments: how they stand. `labels` has the name of each. */
struct report_group {
    const char *run, *status;
    const char *const *labels;
    const struct run_state *const *states;
    size_t count;
};
void markdown_group(const struct report_group *group, struct text *output);
void html_group(const struct report_group *group, struct text *output);

void markdown_report(const struct run_state *state, struct text *output);
/* What the document begins with, once for all runs that follow. */
extern const char html_report_begin[];
void html_report(const struct run_state *state, struct text *output); /* the same, to be opened */

#endif
