/* plan.c: `pgrunbook plan`: what a run would do; what only reads is really done. */
#include "cli/options.h"
#include "cli/printed.h"

#include "base/file.h"
#include "base/process.h"
#include "engine/state.h"
#include "steps/step.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* What plan knows while it goes through the steps. */
struct plan {
    const struct runbook *runbook;
    cJSON *facts;
    cJSON *rows;
    char *directory;           /* thrown away in the end */
    const char *first_not_run; /* the step whose results later ones would need, or NULL */
    size_t failed;
};

static const char *text_of(const cJSON *message, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(message, name));
    return text ? text : "";
}

static void keep_fact(struct plan *plan, cJSON *message)
{
    cJSON *value = cJSON_DetachItemFromObjectCaseSensitive(message, "value");
    cJSON_DeleteItemFromObjectCaseSensitive(plan->facts, text_of(message, "key"));
    cJSON_AddItemToObject(plan->facts, text_of(message, "key"), value);
}

static void take_report(void *context, cJSON *message)
{
    struct plan *plan = context;
    const char *type = text_of(message, "type");
    if (text_equal(type, "log"))
        printf("      %s\n", text_of(message, "text"));
    else if (text_equal(type, "check"))
        printf("      %s  %s: %s\n",
               verdict_name(
                   (int)cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(message, "verdict"))),
               text_of(message, "name"), text_of(message, "detail"));
    else if (text_equal(type, "fact"))
        keep_fact(plan, message);
    else if (text_equal(type, "rows"))
        cJSON_AddItemToArray(plan->rows, cJSON_Duplicate(message, true));
    cJSON_Delete(message);
}

static void show_arguments(const struct plan *plan, const struct step *step)
{
    struct error error = ERROR_INIT;
    cJSON *arguments =
        runbook_expand(plan->runbook, step->invocation.arguments, NULL, EXPAND_MASKED, &error);
    char *json = arguments ? cJSON_PrintUnformatted(arguments) : NULL;
    printf("      %s %s\n", step->invocation.action->name, json ? json : "");
    free(json);
    cJSON_Delete(arguments);
}

static void run_step(struct plan *plan, const struct step *step)
{
    struct error error = ERROR_INIT;
    struct step_run run = {.runbook = plan->runbook,
                           .path = step->path,
                           .planning = true,
                           .facts = plan->facts,
                           .rows = plan->rows,
                           .directory = plan->directory,
                           .report = take_report,
                           .context = plan};
    cJSON *arguments = runbook_expand_arguments(plan->runbook, &step->invocation, plan->facts,
                                                EXPAND_WITH_SECRETS, &error);
    run.arguments = arguments;
    if (!arguments || !step->invocation.action->run(&run, &error)) {
        printf("      FAILED: %s\n", error.message);
        if (error.remedy[0])
            printf("      What to do: %s\n", error.remedy);
        plan->failed++;
    }
    cJSON_Delete(arguments);
    fflush(stdout);
}

static void plan_step(struct plan *plan, const struct step *step, size_t number)
{
    bool wanted = true;
    struct error error = ERROR_INIT;
    printf("%3zu %s: %s%s%s%s\n", number, step->path, step->title, step->gate ? "  [gate]" : "",
           step->undo_count ? "  [undo]" : "",
           step->point_of_no_return ? "  [point of no return]" : "");
    show_arguments(plan, step);
    if (step->when && !runbook_condition(plan->runbook, step->when, plan->facts, &wanted, &error))
        printf("      condition: %s\n", error.message);
    if (!wanted) {
        printf("      NOT RUN: its condition doesn't hold (%s)\n", step->when);
    } else if (step->danger != DANGER_READ) {
        printf("      NOT RUN: it changes something (%s)\n", danger_name(step->danger));
        if (!plan->first_not_run)
            plan->first_not_run = step->path;
    } else if (plan->first_not_run) {
        printf("      NOT RUN: it needs what %s and later steps would make\n", plan->first_not_run);
    } else {
        run_step(plan, step);
    }
}

static bool make_directory(struct plan *plan, struct error *error)
{
    char pattern[] = "/tmp/pgrunbook-plan.XXXXXX";
    if (!mkdtemp(pattern))
        return error_errno(error, "can't make a directory for the plan");
    plan->directory = xstrdup(pattern);
    char *evidence = file_join(pattern, "evidence"), *logs = file_join(pattern, "logs");
    bool made =
        file_make_directories(evidence, 0700, error) && file_make_directories(logs, 0700, error);
    free(evidence);
    free(logs);
    return made;
}

static void remove_plan_directory(const char *directory)
{
    const char *const arguments[] = {"rm", "-rf", "--", directory, NULL};
    struct process_request request = {.arguments = arguments};
    struct process_result result;
    struct error ignored = ERROR_INIT; /* a leftover in /tmp harms nobody */
    process_run(&request, &result, &ignored);
    process_result_free(&result);
}

static int plan_all(const struct runbook *runbook)
{
    struct plan plan = {
        .runbook = runbook, .facts = cJSON_CreateObject(), .rows = cJSON_CreateArray()};
    struct error error = ERROR_INIT;
    size_t number = 0;
    bool ready = make_directory(&plan, &error);
    for (size_t i = 0; ready && i < runbook->phase_count; i++) {
        printf("%s\n", runbook->phases[i].title);
        for (size_t j = 0; j < runbook->phases[i].step_count; j++)
            plan_step(&plan, &runbook->phases[i].steps[j], ++number);
    }
    if (plan.directory)
        remove_plan_directory(plan.directory);
    free(plan.directory);
    cJSON_Delete(plan.facts);
    cJSON_Delete(plan.rows);
    if (!ready)
        return tell_error(&error);
    if (plan.failed)
        printf("%zu step%s failed: mend that before a run\n", plan.failed,
               plan.failed == 1 ? "" : "s");
    return plan.failed ? 11 : 0;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct options options;
    int status;
    if (!options_read(command, argc, argv, &options, &status))
        return status;
    struct lookup lookup = {.ask = ask_operator};
    struct runbook *runbook = load_runbook(&options, &lookup, &status);
    lookup_close(&lookup);
    if (runbook)
        status = plan_all(runbook);
    runbook_free(runbook);
    options_free(&options);
    return status;
}

const struct command plan_command = {
    .name = "plan",
    .operands = "RUNBOOK",
    .help = "show what a run would do: what only reads is really run, the rest is marked NOT RUN",
    .about = "Changes nothing. A step that only reads but needs what an earlier, changing step "
             "would make is\n"
             "not run either, and says so. Exit status 11 when a step that was run failed.",
    .options = variable_options,
    .run = run,
};
