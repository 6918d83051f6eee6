/* check.c: `pgrunbook check`: every fault of a runbook, or its numbered steps. */
#include "cli/options.h"

#include <stdio.h>

static int run(const struct command *command, int argc, char **argv)
{
    struct options options;
    int status;
    if (!options_read(command, argc, argv, &options, &status))
        return status;
    struct runbook *runbook = load_runbook(&options, NULL, &status);
    if (runbook) {
        struct text list = {0};
        runbook_list_steps(runbook, &list);
        printf("%s", text_string(&list));
        text_free(&list);
    }
    runbook_free(runbook);
    options_free(&options);
    return status;
}

static const struct command_option check_options[] = {
    {"set", "NAME=VALUE", "give a variable its value (may be repeated)"},
    {"vars", "FILE", "take variables from a YAML map (may be repeated)"},
    {NULL, NULL, NULL},
};

const struct command check_command = {
    .name = "check",
    .operands = "RUNBOOK",
    .help = "find every fault of a runbook file, with line and column; then list its steps",
    .about = "Nothing is touched, no server and no Docker engine is asked. Exit status 3 when "
             "there is a fault.",
    .options = check_options,
    .run = run,
};
