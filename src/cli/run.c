/* run.c: `pgrunbook run`: a new run, or an old one by its id, on the screen or line by line. */
#include "cli/options.h"
#include "cli/plain.h"

#include "base/file.h"
#include "cli/show.h"
#include "engine/directory.h"
#include "engine/engine.h"
#include "steps/step.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool run_exists(const char *run)
{
    if (!run || !run_id_valid(run))
        return false;
    char *directory = run_directory(run), *journal = file_join(directory, "journal.jsonl");
    bool exists = file_exists(journal);
    free(journal);
    free(directory);
    return exists;
}

/* Gates named on the command line that the runbook doesn't have would never be asked for. */
static bool gates_known(const struct runbook *runbook, const struct options *options,
                        struct error *error)
{
    for (size_t i = 0; i < options->confirm.count; i++) {
        const char *name = options->confirm.items[i];
        const struct step *step = runbook_step(runbook, name);
        if (step && step->gate)
            continue;
        error_set(error, ERROR_USAGE, "--confirm %s: the runbook has no gate there", name);
        return error_remedy(error, "pgrunbook check %s lists the gates", options->operand);
    }
    return true;
}

static char *create(const struct options *options, int *status)
{
    struct lookup lookup = {.ask = ask_operator};
    struct error error = ERROR_INIT;
    char *directory = NULL;
    struct runbook *runbook = load_runbook(options, &lookup, status);
    lookup_close(&lookup);
    if (!runbook)
        return NULL;
    if (!gates_known(runbook, options, &error) ||
        !engine_create(runbook, options->run_id, &directory, &error))
        *status = tell_error(&error);
    runbook_free(runbook);
    return directory;
}

/* The same for a run that exists, by its own copy; one that can't be read is explained by the
 * engine. */
static bool gates_of_run_known(const char *directory, const struct options *options,
                               struct error *error)
{
    struct fault_list faults = {0};
    struct runbook *runbook = NULL;
    struct error unreadable = ERROR_INIT;
    char *path = file_join(directory, "runbook.yaml");
    bool known = !runbook_load(path, actions, &runbook, &faults, &unreadable) ||
                 gates_known(runbook, options, error);
    fault_list_free(&faults);
    runbook_free(runbook);
    free(path);
    return known;
}

static char *resume(const struct options *options, int *status)
{
    struct error error = ERROR_INIT;
    char *directory = run_directory(options->run_id);
    printf("pgrunbook: going on with run %s, by its own copy of the runbook\n", options->run_id);
    if (options->set.count)
        fprintf(stderr,
                "pgrunbook: --set %s is ignored: run %s keeps the values that it began with\n",
                options->set.items[0], options->run_id);
    if (gates_of_run_known(directory, options, &error) && ensure_engine(directory, options, &error))
        return directory;
    *status = tell_error(&error);
    free(directory);
    return NULL;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct options options;
    int status;
    if (!options_read(command, argc, argv, &options, &status))
        return status;
    bool old = run_exists(options.run_id);
    char *directory = old ? resume(&options, &status) : create(&options, &status);
    bool plain = options.plain || !isatty(0) || !isatty(1);
    const struct plain_options follow = {.confirm = options.confirm.count ? &options.confirm : NULL,
                                         .retry = old};
    if (directory && plain)
        status = plain_follow(directory, &follow);
    else if (directory)
        status = show_screen(directory, false);
    free(directory);
    options_free(&options);
    return status;
}

static const struct command_option run_options[] = {
    {"set", "NAME=VALUE", "give a variable its value (may be repeated)"},
    {"vars", "FILE",
     "take variables from a YAML map (may be repeated); of a run that exists, only the secrets"},
    {"plain", NULL, "lines instead of the screen"},
    {"confirm", "GATE", "confirm this gate (PHASE/STEP) when its evidence holds (may be repeated)"},
    {"run-id", "ID", "name of the run; the name of a run that exists goes on with it"},
    {NULL, NULL, NULL},
};

const struct command run_command = {
    .name = "run",
    .operands = "RUNBOOK",
    .help = "carry a runbook out, gate by gate",
    .about = "The run goes on in the background: leaving the screen or losing the terminal doesn't "
             "stop it,\n"
             "and it waits at its gates. pgrunbook attach shows it again.\n\n"
             "Exit status: 0 complete, 10 it waits, 11 a step failed, 12 rolled back, 2 usage,\n"
             "3 the runbook is faulty, 4 Docker can't be reached, 5 a server can't be reached,\n"
             "6 another run holds the target, 1 anything else.",
    .options = run_options,
    .run = run,
};
