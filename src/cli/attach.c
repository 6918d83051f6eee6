/* attach.c: `pgrunbook attach`: the screen of a run, wherever it stands. */
#include "cli/options.h"
#include "cli/plain.h"

#include "cli/show.h"

static int attach(const char *directory, const struct options *options)
{
    struct error error = ERROR_INIT;
    const struct plain_options follow = {
        .confirm = options->confirm.count ? &options->confirm : NULL, .watch = options->watch};
    if (!ensure_engines(directory, options, &error))
        return tell_error(&error);
    return follow_run(directory, options, &follow);
}

static int run(const struct command *command, int argc, char **argv)
{
    return with_run(command, argc, argv, attach);
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
