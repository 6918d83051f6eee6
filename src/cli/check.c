/* check.c: `pgrunbook check`: every fault of a runbook, or its numbered steps; and for one with the
 * warm switch whether the stack allows it. */
#include "cli/environments.h"
#include "cli/printed.h"
#include "cli/read_step.h"
#include "steps/step.h"
#include "steps/where.h"

#include <stdio.h>
#include <stdlib.h>

/* The action that says so. */
#define CHECK_MOVE "docker.check_move"

static const struct step *find_check(const struct runbook *runbook)
{
    for (size_t i = 0; i < runbook->phase_count; i++)
        for (size_t j = 0; j < runbook->phases[i].step_count; j++)
            if (runbook_has_phase(runbook, &runbook->phases[i]) &&
                text_equal(runbook->phases[i].steps[j].invocation.action->name, CHECK_MOVE))
                return &runbook->phases[i].steps[j];
    return NULL;
}

/* *verdict stays as it is when the step ends without one: there is no such stack, say. */
static bool look(const struct runbook *runbook, enum verdict *verdict, struct error *error)
{
    struct read_steps steps = {0};
    bool allowed = read_steps_open(&steps, runbook, error) &&
                   read_step_run(&steps, find_check(runbook), error);
    const cJSON *known = cJSON_GetObjectItemCaseSensitive(steps.facts, FACT_WARM_SWITCH);
    if (cJSON_IsBool(known))
        *verdict = cJSON_IsTrue(known) ? VERDICT_PASS : VERDICT_FAIL;
    read_steps_close(&steps);
    return allowed;
}

/* Only where it isn't this machine's own. */
static void show_engine(const char *environment)
{
    struct error error = ERROR_INIT;
    char *engine = NULL;
    if (!where_description(&engine, &error))
        read_step_tell("NOT USABLE", &error);
    else if (engine)
        printf("\nDocker engine%s%s: %s\n", environment ? " of " : "",
               environment ? environment : "", engine);
    free(engine);
}

/* The last line is what somebody reads who reads one only. */
static int tell(enum verdict verdict)
{
    if (verdict == VERDICT_FAIL)
        printf("\nTHIS STACK DOESN'T ALLOW THE WARM SWITCH, and the runbook would stop before it "
               "changes anything. The runbook itself has no fault.\n");
    else if (verdict == VERDICT_WARN)
        printf("\nWhether this stack allows the warm switch isn't known. The runbook itself has no "
               "fault.\n");
    return verdict == VERDICT_FAIL ? ERROR_OTHER : 0;
}

struct looking {
    struct options *options;
    int status; /* of the environments so far: the first one that isn't 0 */
};

/* Loaded again, as this time the values are looked up. What the stack is like is no fault of the
 * runbook, which may be checked where there is none. */
static int look_in(struct runbook *entered, void *context)
{
    struct looking *looking = context;
    struct error error = ERROR_INIT;
    struct lookup lookup = {.lenient = true};
    enum verdict verdict = VERDICT_WARN;
    const char *environment = entered->environment ? entered->environment->name : NULL;
    const struct step *step = find_check(entered);
    if (environment || !entered->environment_count)
        show_engine(environment);
    if (!step) {
        runbook_free(entered);
        return 0;
    }
    printf("\nWhether this stack%s%s allows the warm switch (%s):\n", environment ? " of " : "",
           environment ? environment : "", step->path);
    struct runbook *runbook =
        load_runbook_leniently(looking->options, environment, &lookup, &error);
    lookup_close(&lookup);
    if (!runbook || !look(runbook, &verdict, &error))
        read_step_tell(error.kind == ERROR_DOCKER ? "NOT LOOKED AT" : "FAILED", &error);
    runbook_free(runbook);
    runbook_free(entered);
    int status = tell(verdict);
    looking->status = looking->status ? looking->status : status;
    return 0;
}

static int look_at_stack(const struct runbook *checked, struct options *options)
{
    struct looking looking = {.options = options};
    int status =
        for_each_environment(checked, options, !options->environments.count, look_in, &looking);
    return status ? status : looking.status;
}

static int run(const struct command *command, int argc, char **argv)
{
    return print_runbook(command, argc, argv, runbook_list_steps, look_at_stack);
}

const struct command check_command = {
    .name = "check",
    .operands = "RUNBOOK",
    .help = "find every fault of a runbook file, with line and column; then list its steps",
    .about =
        "Nothing is changed. Only for a runbook with the step docker.check_move the Docker engine\n"
        "is asked whether the stack allows the warm switch; where the step names a server or a\n"
        "pooler, those are asked, too, whether they let themselves be stopped and followed. Exit\n"
        "status 3 when the runbook has a fault, 1 when it has none and the stack doesn't allow\n"
        "the switch.",
    .options = variable_options,
    .run = run,
};
