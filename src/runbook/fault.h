/* fault.h: collecting what is wrong with a runbook file, each with its position. */
#ifndef RUNBOOK_FAULT_H
#define RUNBOOK_FAULT_H

#include "base/text.h"
#include "runbook/runbook.h"

/* So many faults are kept of one file; a last one says that more were left out. */
#define FAULTS_MAX 100

/* Adds one fault. Control characters of the message are replaced, as it is printed on terminals. */
void fault_add(struct fault_list *faults, struct position position, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds `what "wrong"`, such as `a step has no key "titel"`, and what might have been meant: the
 * nearest candidate or, when none is near and they are few, all of them. */
void fault_add_unknown(struct fault_list *faults, struct position position, const char *what,
                       const char *wrong, const struct text_list *candidates);

/* The same as a text, for errors that have no position; the caller frees. */
char *unknown_name(const char *what, const char *wrong, const struct text_list *candidates);

/* Puts the faults into the file's order; equal positions stay as they were added. */
void fault_list_sort(struct fault_list *faults);

/* Fills `error` from the first fault: "FILE:LINE:COLUMN: message". Always returns false. */
bool fault_error(const struct fault_list *faults, const char *file, struct error *error);

#endif
