/* check.c: `pgrunbook check`: every fault of a runbook, or its numbered steps; and for one with the
 * warm switch whether the stack allows it. */
#include "cli/printed.h"
#include "cli/read_step.h"
#include "steps/where.h"

#include <stdio.h>
#include <stdlib.h>

/* The action that says so. */
#define CHECK_MOVE "docker.check_move"

static const struct step *find_check(const struct runbook *runbook)
{
    for (size_t i = 0; i < runbook->phase_count; i++)
        for (size_t j = 0; j < runbook->phases[i].step_count; j++)
            if (text_equal(runbook->phases[i].steps[j].invocation.action->name, CHECK_MOVE))
                return &runbook->phases[i].steps[j];
    return NULL;
}

static bool look(const struct runbook *runbook, struct error *error)
{
    struct read_steps steps = {0};
    bool allowed = read_steps_open(&steps, runbook, error) &&
                   read_step_run(&steps, find_check(runbook), error);
    read_steps_close(&steps);
    return allowed;
}

/* Only where it isn't this machine's own. */
static void show_engine(void)
{
    struct error error = ERROR_INIT;
    char *engine = NULL;
    if (!where_description(&engine, &error))
        read_step_tell("NOT USABLE", &error);
    else if (engine)
        printf("\nDocker engine: %s\n", engine);
    free(engine);
}

/* Loaded again, as this time the values are looked up. What the stack is like is no fault of the
 * runbook, which may be checked where there is none. */
static void look_at_stack(const struct runbook *checked, const struct options *options)
{
    struct error error = ERROR_INIT;
    struct lookup lookup = {.lenient = true};
    const struct step *step = find_check(checked);
    show_engine();
    if (!step)
        return;
    printf("\nWhether this stack allows the warm switch (%s):\n", step->path);
    struct runbook *runbook = load_runbook_leniently(options, &lookup, &error);
    lookup_close(&lookup);
    if (!runbook || !look(runbook, &error))
        read_step_tell(error.kind == ERROR_DOCKER ? "NOT LOOKED AT" : "FAILED", &error);
    runbook_free(runbook);
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
        "Nothing is touched, and no server is asked. Only for a runbook with the step "
        "docker.check_move\n"
        "the Docker engine is asked whether the stack allows the warm switch. Exit status 3 when "
        "the runbook has a fault.",
    .options = variable_options,
    .run = run,
};
