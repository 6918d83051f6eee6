/* plan.c: `pgrunbook plan`: what a run would do; what only reads is really done. */
#include "cli/environments.h"
#include "cli/options.h"
#include "cli/printed.h"
#include "cli/read_step.h"
#include "runbook/references.h"

#include <stdio.h>
#include <stdlib.h>

/* What plan knows while it goes through the steps. */
struct plan {
    const struct runbook *runbook;
    struct read_steps steps;
    const char *first_not_run; /* the step whose results later ones would need, or NULL */
    size_t failed;
};

static void show_arguments(const struct plan *plan, const struct step *step)
{
    struct error error = ERROR_INIT;
    cJSON *arguments =
        runbook_expand(plan->runbook, step->invocation.arguments, NULL, EXPAND_MASKED, &error);
    char *json = arguments ? cJSON_PrintUnformatted(arguments) : NULL;
    const struct action *action = step->invocation.action;
    const char *tuned = arguments && action->tunes ? action->tunes(arguments) : NULL;
    printf("      %s %s\n", action->name, json ? json : "");
    if (tuned)
        printf("      tuned: %s\n", tuned);
    free(json);
    cJSON_Delete(arguments);
}

/* The facts that the arguments hold, and the steps that take them. */
static void show_facts(const struct plan *plan, const cJSON *tree)
{
    const cJSON *item;
    struct reference reference = reference_next(cJSON_IsString(tree) ? tree->valuestring : "");
    for (; reference.kind != REFERENCE_NONE;
         reference = reference_next(reference.start + reference.length)) {
        const struct step *taker =
            reference.kind == REFERENCE_FACT ? runbook_taker(plan->runbook, reference.name) : NULL;
        if (taker && !cJSON_HasObjectItem(plan->steps.facts, reference.name))
            printf("      ${fact.%s}: known when %s has run\n", reference.name, taker->path);
    }
    cJSON_ArrayForEach(item, tree) show_facts(plan, item);
}

static void run_step(struct plan *plan, const struct step *step)
{
    struct error error = ERROR_INIT;
    if (read_step_run(&plan->steps, step, &error))
        return;
    read_step_tell("FAILED", &error);
    plan->failed++;
}

static void plan_step(struct plan *plan, const struct step *step, size_t number)
{
    bool wanted = true;
    struct error error = ERROR_INIT;
    printf("%3zu %s: %s%s%s%s\n", number, step->path, step->title, step->gate ? "  [gate]" : "",
           step->undo_count ? "  [undo]" : "",
           step->point_of_no_return ? "  [point of no return]" : "");
    show_arguments(plan, step);
    show_facts(plan, step->invocation.arguments);
    if (step->when &&
        !runbook_condition(plan->runbook, step->when, plan->steps.facts, &wanted, &error))
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

static int plan_all(const struct runbook *runbook)
{
    struct plan plan = {.runbook = runbook};
    struct error error = ERROR_INIT;
    size_t number = 0;
    bool ready = read_steps_open(&plan.steps, runbook, &error);
    for (size_t i = 0; ready && i < runbook->phase_count; i++) {
        if (!runbook_has_phase(runbook, &runbook->phases[i]))
            continue;
        printf("%s\n", runbook->phases[i].title);
        for (size_t j = 0; j < runbook->phases[i].step_count; j++)
            plan_step(&plan, &runbook->phases[i].steps[j], ++number);
    }
    read_steps_close(&plan.steps);
    if (!ready)
        return tell_error(&error);
    if (plan.failed)
        printf("%zu step%s failed: mend that before a run\n", plan.failed,
               plan.failed == 1 ? "" : "s");
    return plan.failed ? 11 : 0;
}

static int plan_environment(struct runbook *runbook, void *context)
{
    struct lookup lookup = {.ask = ask_operator};
    int status;
    if (runbook->entered)
        printf("\n%s %s\n\n", runbook->environment ? "ENVIRONMENT" : "FOR",
               runbook->environment ? runbook->environment->name : ENVIRONMENT_ALL);
    bool filled = fill_runbook(runbook, context, &lookup, &status);
    lookup_close(&lookup);
    if (filled)
        status = plan_all(runbook);
    runbook_free(runbook);
    return status;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct options options;
    int status;
    if (!options_read(command, argc, argv, &options, &status))
        return status;
    struct runbook *runbook = read_runbook(options.operand, &status);
    bool own = !options.environments.count;
    if (runbook)
        status = for_each_environment(runbook, &options, own, plan_environment, &options);
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
