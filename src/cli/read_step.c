/* read_step.c: a step that only reads, run outside of a run. */
#include "cli/read_step.h"

#include "base/file.h"
#include "base/process.h"
#include "engine/state.h"
#include "steps/step.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *text_of(const cJSON *message, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(message, name));
    return text ? text : "";
}

static void keep_fact(struct read_steps *steps, cJSON *message)
{
    cJSON *value = cJSON_DetachItemFromObjectCaseSensitive(message, "value");
    cJSON_DeleteItemFromObjectCaseSensitive(steps->facts, text_of(message, "key"));
    cJSON_AddItemToObject(steps->facts, text_of(message, "key"), value);
}

static void take_report(void *context, cJSON *message)
{
    struct read_steps *steps = context;
    const char *type = text_of(message, "type");
    if (text_equal(type, "log"))
        printf("      %s\n", text_of(message, "text"));
    else if (text_equal(type, "check"))
        printf("      %s  %s: %s\n",
               verdict_name(
                   (int)cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(message, "verdict"))),
               text_of(message, "name"), text_of(message, "detail"));
    else if (text_equal(type, "fact"))
        keep_fact(steps, message);
    else if (text_equal(type, "rows"))
        cJSON_AddItemToArray(steps->rows, cJSON_Duplicate(message, true));
    cJSON_Delete(message);
}

static bool make_directory(struct read_steps *steps, struct error *error)
{
    char pattern[] = "/tmp/pgrunbook-read.XXXXXX";
    if (!mkdtemp(pattern))
        return error_errno(error, "can't make a directory for what steps leave");
    steps->directory = xstrdup(pattern);
    char *evidence = file_join(pattern, "evidence"), *logs = file_join(pattern, "logs");
    bool made =
        file_make_directories(evidence, 0700, error) && file_make_directories(logs, 0700, error);
    free(evidence);
    free(logs);
    return made;
}

static void remove_directory(const char *directory)
{
    const char *const arguments[] = {"rm", "-rf", "--", directory, NULL};
    struct process_request request = {.arguments = arguments};
    struct process_result result;
    struct error ignored = ERROR_INIT; /* a leftover in /tmp harms nobody */
    process_run(&request, &result, &ignored);
    process_result_free(&result);
}

bool read_steps_open(struct read_steps *steps, const struct runbook *runbook, struct error *error)
{
    *steps = (struct read_steps){
        .runbook = runbook, .facts = cJSON_CreateObject(), .rows = cJSON_CreateArray()};
    return make_directory(steps, error);
}

void read_steps_close(struct read_steps *steps)
{
    if (steps->directory)
        remove_directory(steps->directory);
    free(steps->directory);
    cJSON_Delete(steps->facts);
    cJSON_Delete(steps->rows);
    *steps = (struct read_steps){0};
}

bool read_step_run(struct read_steps *steps, const struct step *step, struct error *error)
{
    struct step_run run = {.runbook = steps->runbook,
                           .path = step->path,
                           .planning = true,
                           .facts = steps->facts,
                           .rows = steps->rows,
                           .directory = steps->directory,
                           .report = take_report,
                           .context = steps};
    cJSON *arguments = runbook_expand_arguments(steps->runbook, &step->invocation, steps->facts,
                                                EXPAND_WITH_SECRETS, error);
    run.arguments = arguments;
    bool done = arguments && step->invocation.action->run(&run, error);
    cJSON_Delete(arguments);
    fflush(stdout);
    return done;
}

void read_step_tell(const char *word, const struct error *error)
{
    printf("      %s: %s\n", word, error->message);
    if (error->remedy[0])
        printf("      What to do: %s\n", error->remedy);
    fflush(stdout);
}
