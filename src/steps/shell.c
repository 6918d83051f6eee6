/* shell.c: shell: a command of the operator's own, by /bin/sh on this machine. */
#include "steps/actions.h"
#include "steps/step.h"

#include "base/process.h"
#include "base/text.h"

#include <stdlib.h>

static void log_output(void *context, const char *line, bool from_stderr)
{
    step_log(context, "%s%s", from_stderr ? "! " : "", line);
}

/* "NAME=value" for each entry, NULL-terminated; free each and the array. */
static char **environment_of(const cJSON *map)
{
    char **list = xcalloc((size_t)cJSON_GetArraySize(map) + 1, sizeof *list);
    const cJSON *entry;
    size_t count = 0;
    cJSON_ArrayForEach(entry, map)
    {
        const char *value = cJSON_GetStringValue(entry);
        list[count++] = xprintf("%s=%s", entry->string, value ? value : "");
    }
    return list;
}

static void environment_free(char **list)
{
    for (size_t i = 0; list[i]; i++)
        free(list[i]);
    free(list);
}

static bool judge(const struct step_run *run, const struct process_result *result,
                  struct error *error)
{
    char words[256], time[32];
    if (result->timed_out)
        return error_set(error, ERROR_OTHER, "the command didn't end within %s",
                         text_duration(time, sizeof time, step_duration(run, "timeout")));
    if (result->exit_status == 0)
        return true;
    process_last_words(result, words, sizeof words);
    return error_set(error, ERROR_OTHER, "the command ended with status %d%s%s",
                     result->exit_status, words[0] ? ": " : "", words);
}

static bool run_shell(struct step_run *run, struct error *error)
{
    const char *const arguments[] = {"/bin/sh", "-c", step_text(run, "command"), NULL};
    char *directory = step_path(run, "directory");
    char **environment = environment_of(step_map(run, "env"));
    struct process_request request = {
        .arguments = arguments,
        .environment = (const char *const *)environment,
        .directory = directory,
        .timeout_ms = step_duration(run, "timeout"),
        .on_line = log_output,
        .context = run,
    };
    struct process_result result;
    bool done = process_run(&request, &result, error) && judge(run, &result, error);
    process_result_free(&result);
    environment_free(environment);
    free(directory);
    return done;
}

static const struct argument arguments[] = {
    {"command", ARGUMENT_TEXT, true, NULL, NULL, "what /bin/sh -c is given"},
    {"directory", ARGUMENT_PATH, false, NULL, NULL, "working directory"},
    {"env", ARGUMENT_MAP, false, NULL, NULL, "environment, the place for secrets"},
    {"timeout", ARGUMENT_DURATION, false, NULL, NULL, "time after which it is killed"},
    {0},
};

const struct action shell_action = {
    "shell", DANGER_CHANGE, "run a command of one's own on this machine", arguments, run_shell};
