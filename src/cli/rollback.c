/* rollback.c: `pgrunbook rollback`: what the key R does. */
#include "cli/options.h"
#include "cli/plain.h"

#include "base/file.h"
#include "engine/journal.h"
#include "engine/state.h"

#include <stdlib.h>

/* Refuses what can't be rolled back before an engine is started for it. */
static bool can_roll_back(const char *directory, struct error *error)
{
    char *path = file_join(directory, "journal.jsonl");
    struct run_state *state = journal_load(path, error);
    free(path);
    if (!state)
        return false;
    bool finished = run_state_finished(state);
    if (finished)
        error_set(error, ERROR_OTHER, "run %s is %s already", state->run,
                  run_status_name(state->status));
    run_state_free(state);
    return !finished;
}

static int roll_back(const char *directory, const struct options *options)
{
    struct error error = ERROR_INIT;
    const struct plain_options follow = {.rollback = "pgrunbook rollback",
                                         .save = options->save,
                                         .lose = options->lose,
                                         .retry = options->retry};
    if ((options->save && options->lose) || (options->retry && (options->save || options->lose))) {
        error_set(&error, ERROR_USAGE, "--retry, --save and --lose contradict each other");
        return tell_error(&error);
    }
    if (!can_roll_back(directory, &error) || !ensure_engine(directory, options, &error))
        return tell_error(&error);
    return plain_follow(directory, &follow);
}

static int run(const struct command *command, int argc, char **argv)
{
    return with_run(command, argc, argv, roll_back);
}

static const struct command_option rollback_options[] = {
    {"plain", NULL, "lines instead of the screen (rollback always prints lines)"},
    {"retry", NULL, "try a way back once more that brings along what was written, and had failed"},
    {"save", NULL, "save what the new server has taken since the switchover first"},
    {"lose", "N",
     "give up these N rows instead, by their exact number; unknown waits for no count"},
    VARS_OF_RUN_OPTION,
    {NULL, NULL, NULL},
};

const struct command rollback_command = {
    .name = "rollback",
    .operands = "[RUN]",
    .help = "take a run back, newest step first",
    .about =
        "Runs the undo of every step that was started. It works from any point before a step "
        "marked\n"
        "point_of_no_return, and can be repeated when an undo failed. After the switchover it "
        "first counts\n"
        "what the new server has taken since; when that isn't nothing, it asks on standard "
        "input whether to\n"
        "save it first or to lose it, unless --save or --lose says so.\n"
        "Exit status: 12 when the run is rolled back, 11 when an undo or the saving failed, 10 "
        "when nothing\n"
        "was rolled back because that question wasn't answered.",
    .options = rollback_options,
    .run = run,
};
