/* shell.c: shell: a command of the operator's own, by /bin/sh on this machine. */
#include "steps/actions.h"
#include "steps/step.h"

#include "base/process.h"
#include "base/text.h"
#include "runbook/references.h"

#include <stdlib.h>

#define FACT_MAX ((size_t)1 << 20) /* bytes of JSON */

/* What the command prints: lines for the log, and the fact's value when it is asked for. */
struct output {
    struct step_run *run;
    struct text value;
};

static void take_line(void *context, const char *line, bool from_stderr)
{
    struct output *output = context;
    step_log(output->run, "%s%s", from_stderr ? "! " : "", line);
    if (!from_stderr && output->value.length < FACT_MAX)
        text_printf(&output->value, "%s\n", line);
}

static bool record_fact(const struct output *output, struct error *error)
{
    const char *key = step_text(output->run, "fact");
    if (!key || !*key)
        return true;
    if (!fact_key_valid(key))
        return error_set(error, ERROR_OTHER, "\"%s\" can't be the key of a fact", key);
    cJSON *value = cJSON_ParseWithOpts(text_string(&output->value), NULL, true);
    if (!value) {
        error_set(error, ERROR_OTHER, "what the command printed is no JSON, so there is no fact %s",
                  key);
        return error_remedy(error, "it has to print one JSON value on its standard output; "
                                   "messages belong on standard error");
    }
    step_fact(output->run, key, value);
    return true;
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
    struct output output = {.run = run};
    struct process_request request = {
        .arguments = arguments,
        .environment = (const char *const *)environment,
        .directory = directory,
        .timeout_ms = step_duration(run, "timeout"),
        .on_line = take_line,
        .context = &output,
    };
    struct process_result result;
    bool done = process_run(&request, &result, error) && judge(run, &result, error) &&
                record_fact(&output, error);
    process_result_free(&result);
    text_free(&output.value);
    environment_free(environment);
    free(directory);
    return done;
}

static const struct argument arguments[] = {
    {"command", ARGUMENT_TEXT, true, NULL, NULL, "what /bin/sh -c is given"},
    {"directory", ARGUMENT_PATH, false, NULL, NULL, "working directory"},
    {"env", ARGUMENT_MAP, false, NULL, NULL, "environment, the place for secrets"},
    {"timeout", ARGUMENT_DURATION, false, NULL, NULL, "time after which it is killed"},
    {"fact", ARGUMENT_TEXT, false, NULL, NULL,
     "key of a fact: what the command prints on standard output, one JSON value, is recorded"},
    {0},
};

const struct action shell_action = {
    .name = "shell",
    .danger = DANGER_CHANGE,
    .help = "run a command of one's own on this machine",
    .arguments = arguments,
    .run = run_shell,
};
