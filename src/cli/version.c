/* version.c: `pgrunbook version`, also as `--version`: what to name in a report of a fault. */
#include "cli/command.h"

#include <stdio.h>

#define PROGRAM_VERSION "0.3"

static int run(const struct command *command, int argc, char **argv)
{
    (void)command;
    (void)argc;
    (void)argv;
    puts("pgrunbook " PROGRAM_VERSION);
    return 0;
}

const struct command version_command = {
    .name = "version",
    .operands = "",
    .help = "print the program's version",
    .about = "The same as --version.",
    .run = run,
};
