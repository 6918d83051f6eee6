/* run.c: `pgrunbook run`: a new run, or an old one by its id, on the screen or line by line. */
#include "cli/options.h"
#include "cli/plain.h"

#include "base/file.h"
#include "cli/environments.h"
#include "cli/show.h"
#include "engine/directory.h"
#include "engine/engine.h"
#include "engine/surroundings.h"
#include "steps/step.h"
#include "steps/where.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool run_exists(const char *run)
{
    if (!run || !run_id_valid(run))
        return false;
    char *directory = run_directory(run);
    bool exists = run_is_there(directory);
    free(directory);
    return exists;
}

static char *create_alone(struct runbook *runbook, const struct options *options, int *status)
{
    struct lookup lookup = {.ask = ask_operator};
    struct error error = ERROR_INIT;
    char *directory = NULL;
    bool filled = fill_runbook(runbook, options, &lookup, status);
    lookup_close(&lookup);
    if (filled && options->environments.count)
        error_set(&error, ERROR_USAGE, "--environment %s: the runbook has no environments",
                  options->environments.items[0]);
    else if (!filled || engine_create(runbook, options->run_id, &directory, &error))
        return directory;
    *status = tell_error(&error);
    return NULL;
}

static char *create(const struct options *options, int *status)
{
    struct error error = ERROR_INIT;
    char *directory = NULL;
    struct runbook *runbook = read_runbook(options->operand, status);
    if (runbook && !where_stay(&error)) /* however long the questions take */
        *status = tell_error(&error);
    else if (runbook && !gates_known(runbook, options, &error))
        *status = tell_error(&error);
    else if (runbook && runbook->environment_count)
        start_environments(runbook, options, options->run_id, &directory, status);
    else if (runbook)
        directory = create_alone(runbook, options, status);
    runbook_free(runbook);
    return directory;
}

/* Environments that take part now for the first time, by the run's own copy of the runbook, and
 * where the others are: in its directory, and on its Docker engine where they have none of their
 * own. */
static bool start_missing(const char *run_directory, const struct runbook *copy,
                          const struct options *options, int *status)
{
    struct error error = ERROR_INIT;
    char *directory = NULL;
    if (!options->environments.count || strchr(options->run_id, '@'))
        return true;
    if (!surroundings_enter(run_directory, &error)) {
        *status = tell_error(&error);
        return false;
    }
    bool started = start_environments(copy, options, options->run_id, &directory, status);
    free(directory);
    return started;
}

/* By its own copy of the runbook; one that can't be read is explained by the engine. */
static bool check_choices(const char *directory, const struct options *options, int *status)
{
    struct fault_list faults = {0};
    struct runbook *runbook = NULL;
    struct error error = ERROR_INIT;
    char *path = file_join(directory, "runbook.yaml");
    bool good = true;
    if (runbook_load(path, actions, &runbook, &faults, &error)) {
        good = gates_known(runbook, options, &error);
        if (!good)
            *status = tell_error(&error);
        good = good && start_missing(directory, runbook, options, status);
    }
    fault_list_free(&faults);
    runbook_free(runbook);
    free(path);
    return good;
}

static char *resume(const struct options *options, int *status)
{
    struct error error = ERROR_INIT;
    char *directory = run_directory(options->run_id);
    printf("pgrunbook: going on with run %s, by its own copy of the runbook\n", options->run_id);
    if (options->set.count && !options->environments.count)
        fprintf(stderr,
                "pgrunbook: --set %s is ignored: run %s keeps the values that it began with\n",
                options->set.items[0], options->run_id);
    if (!check_choices(directory, options, status)) {
        free(directory);
        return NULL;
    }
    if (ensure_engines(directory, options, &error))
        return directory;
    *status = tell_error(&error);
    free(directory);
    return NULL;
}

/* They are named from here, and may be read in the run's own directory. */
static void make_absolute(struct text_list *files)
{
    for (size_t i = 0; i < files->count; i++) {
        char *path = file_absolute(files->items[i]);
        free(files->items[i]);
        files->items[i] = path;
    }
}

static int run(const struct command *command, int argc, char **argv)
{
    struct options options;
    int status;
    if (!options_read(command, argc, argv, &options, &status))
        return status;
    bool old = run_exists(options.run_id);
    if (old)
        make_absolute(&options.vars);
    char *directory = old ? resume(&options, &status) : create(&options, &status);
    const struct plain_options follow = {.confirm = options.confirm.count ? &options.confirm : NULL,
                                         .retry = old};
    if (directory)
        status = follow_run(directory, &options, &follow);
    free(directory);
    options_free(&options);
    return status;
}

static const struct command_option run_options[] = {
    {"set", "NAME=VALUE", "give a variable its value (may be repeated)"},
    {"vars", "FILE",
     "take variables from a YAML map (may be repeated); of a run that exists, only the secrets"},
    {"plain", NULL, "lines instead of the screen"},
    {"confirm", "GATE",
     "confirm this gate (PHASE/STEP, in an environment NAME:PHASE/STEP) when its evidence holds "
     "(may be repeated)"},
    {"environment", "NAME",
     "only this of the runbook's environments (may be repeated); others can join later, with "
     "--run-id"},
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
             "6 another run holds the target, 1 anything else. Of several environments the most "
             "urgent: 1,\n11, 10, 12 (rolled back or left out), and 0 when all are complete.",
    .options = run_options,
    .run = run,
};
