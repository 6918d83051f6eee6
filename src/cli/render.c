/* render.c: `pgrunbook render`: the checklist as Markdown. */
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
        struct text markdown = {0};
        runbook_render_markdown(runbook, &markdown);
        printf("%s", text_string(&markdown));
        text_free(&markdown);
    }
    runbook_free(runbook);
    options_free(&options);
    return status;
}

static const struct command_option render_options[] = {
    {"set", "NAME=VALUE", "give a variable its value (may be repeated)"},
    {"vars", "FILE", "take variables from a YAML map (may be repeated)"},
    {NULL, NULL, NULL},
};

const struct command render_command = {
    .name = "render",
    .operands = "RUNBOOK",
    .help = "print the checklist as Markdown, for paper and wikis",
    .options = render_options,
    .run = run,
};
