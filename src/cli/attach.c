/* attach.c: `pgrunbook attach`: the screen of a run, wherever it stands. */
#include "cli/options.h"
#include "cli/plain.h"

#include "cli/show.h"
#include "engine/directory.h"

#include <stdlib.h>
#include <unistd.h>

static int run(const struct command *command, int argc, char **argv)
{
    struct options options;
    struct error error = ERROR_INIT;
    char *directory = NULL;
    int status;
    if (!options_read(command, argc, argv, &options, &status))
        return status;
    bool plain = options.plain || !isatty(0) || !isatty(1);
    const struct plain_options follow = {.confirm = options.confirm.count ? &options.confirm : NULL,
                                         .watch = options.watch};
    if (!run_directory_find(options.operand, &directory, &error) ||
        !ensure_engine(directory, &options, &error))
        status = tell_error(&error);
    else
        status = plain ? plain_follow(directory, &follow) : show_screen(directory, options.watch);
    free(directory);
    options_free(&options);
    return status;
}

static const struct command_option attach_options[] = {
    {"watch", NULL, "only watch: nothing can be decided from here"},
    {"plain", NULL, "lines instead of the screen"},
    VARS_OF_RUN_OPTION,
    {"confirm", "GATE", "with --plain: confirm this gate (may be repeated)"},
    {NULL, NULL, NULL},
};

const struct command attach_command = {
    .name = "attach",
    .operands = "[RUN]",
    .help = "show the screen of a run, the newest unfinished one by default",
    .about = "Any number of screens may show one run. When its engine has ended (a reboot, a "
             "kill), it is\n"
             "started again: what ran then shows as interrupted, to be retried or rolled back.",
    .options = attach_options,
    .run = run,
};
