/* format.c: the hidden subcommands that write runbook.schema.json and the format's reference. */
#include "cli/options.h"
#include "steps/step.h"

#include <stdio.h>

static int print_made(const struct command *command, int argc, char **argv,
                      void (*make)(const struct action *const *table, struct text *output))
{
    struct options options;
    int status;
    if (!options_read(command, argc, argv, &options, &status))
        return status;
    struct text text = {0};
    make(actions, &text);
    printf("%s", text_string(&text));
    text_free(&text);
    options_free(&options);
    return 0;
}

static int run_schema(const struct command *command, int argc, char **argv)
{
    return print_made(command, argc, argv, runbook_schema);
}

static int run_reference(const struct command *command, int argc, char **argv)
{
    return print_made(command, argc, argv, runbook_reference);
}

const struct command schema_command = {
    .name = "schema",
    .help = "print the JSON schema of runbook files, for editors",
    .hidden = true,
    .run = run_schema,
};

const struct command reference_command = {
    .name = "reference",
    .help = "print the reference of the runbook format as Markdown",
    .hidden = true,
    .run = run_reference,
};
