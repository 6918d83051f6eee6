/* render.c: `pgrunbook render`: the checklist as Markdown. */
#include "cli/printed.h"

static int run(const struct command *command, int argc, char **argv)
{
    return print_runbook(command, argc, argv, runbook_render_markdown, NULL);
}

const struct command render_command = {
    .name = "render",
    .operands = "RUNBOOK",
    .help = "print the checklist as Markdown, for paper and wikis",
    .options = variable_options,
    .run = run,
};
