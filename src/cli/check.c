/* check.c: `pgrunbook check`: every fault of a runbook, or its numbered steps. */
#include "cli/printed.h"

static int run(const struct command *command, int argc, char **argv)
{
    return print_runbook(command, argc, argv, runbook_list_steps);
}

const struct command check_command = {
    .name = "check",
    .operands = "RUNBOOK",
    .help = "find every fault of a runbook file, with line and column; then list its steps",
    .about =
        "Nothing is touched, no server and no Docker engine is asked. Exit status 3 when there "
        "is a fault.",
    .options = variable_options,
    .run = run,
};
