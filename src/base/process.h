/* process.h: runs an external program without a shell, with limits, and hands back what it wrote.
 */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include "base/error.h"
#include "base/text.h"

#include <stdbool.h>

struct process_request {
    const char *const *arguments;   /* NULL-terminated, [0] is looked up in PATH */
    const char *const *environment; /* extra "NAME=value" entries, NULL-terminated, or NULL */
    const char *directory;          /* working directory, or NULL for ours */
    const char *input;              /* standard input's bytes, or NULL for none (/dev/null) */
    long timeout_ms;                /* 0: none; the process group is killed when it passes */
    size_t output_limit;            /* bytes kept of each stream; 0: 1 MiB; the rest is dropped */
    /* When set, called for every complete line (without its end), standard error's included. */
    void (*on_line)(void *context, const char *line, bool from_stderr);
    void *context;
};

struct process_result {
    int exit_status; /* 128 + signal when killed by one */
    bool timed_out;
    struct text output;
    struct text error_output;
};

/* False only when the program could not be run or watched; a non-zero exit status is the caller's
 * to judge. The caller frees the result with process_result_free in any case. */
bool process_run(const struct process_request *request, struct process_result *result,
                 struct error *error);
void process_result_free(struct process_result *result);
/* The last non-empty line of standard error, else of standard output: what to tell the operator. */
const char *process_last_words(const struct process_result *result, char *buffer, size_t size);

#endif
