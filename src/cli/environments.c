/* environments.c: prepares the run of each environment before any of them begins. */
#include "cli/environments.h"

#include "base/file.h"
#include "engine/directory.h"
#include "engine/engine.h"
#include "engine/group.h"
#include "engine/journal.h"
#include "engine/state.h"
#include "engine/surroundings.h"
#include "steps/step.h"
#include "steps/where.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct runbook *enter_copy(const struct runbook *runbook, const char *environment,
                           struct error *error)
{
    struct runbook *copy = NULL;
    struct fault_list faults = {0};
    bool good = runbook_parse(runbook->path, text_string(&runbook->source), runbook->source.length,
                              actions, &copy, &faults, error) &&
                runbook_enter(copy, environment, error);
    fault_list_free(&faults);
    if (good)
        return copy;
    runbook_free(copy);
    return NULL;
}

static bool is_chosen(const struct options *options, const char *environment)
{
    return !options->environments.count || text_list_has(&options->environments, environment);
}

static bool choice_known(const struct runbook *runbook, const struct options *options,
                         struct error *error)
{
    for (size_t i = 0; i < options->environments.count; i++) {
        const char *name = options->environments.items[i];
        struct runbook *copy = enter_copy(runbook, name, error); /* says the nearest one */
        runbook_free(copy);
        if (!copy)
            return false;
    }
    return true;
}

static int visit(const struct runbook *runbook, const char *environment,
                 int (*body)(struct runbook *entered, void *context), void *context)
{
    struct error error = ERROR_INIT;
    cJSON *docker = surroundings_docker();
    struct runbook *copy = enter_copy(runbook, environment, &error);
    int status;
    if (copy && surroundings_use_environment(copy->environment, &error)) {
        status = body(copy, context);
    } else {
        runbook_free(copy);
        status = tell_error(&error);
    }
    if (!surroundings_set_docker(docker, &error))
        status = tell_error(&error);
    cJSON_Delete(docker);
    return status;
}

int for_each_environment(const struct runbook *runbook, const struct options *options, bool own,
                         int (*body)(struct runbook *entered, void *context), void *context)
{
    struct error error = ERROR_INIT;
    if (!choice_known(runbook, options, &error))
        return tell_error(&error);
    int status = own ? visit(runbook, NULL, body, context) : 0;
    for (size_t i = 0; i < runbook->environment_count && !status; i++)
        if (is_chosen(options, runbook->environments[i].name))
            status = visit(runbook, runbook->environments[i].name, body, context);
    return status;
}

static const struct phase *phase_of(const struct runbook *runbook, const struct step *step)
{
    for (size_t i = 0; i < runbook->phase_count; i++)
        for (size_t j = 0; j < runbook->phases[i].step_count; j++)
            if (&runbook->phases[i].steps[j] == step)
                return &runbook->phases[i];
    return NULL;
}

static bool gate_known(const struct runbook *runbook, const char *name, const char *operand,
                       struct error *error)
{
    const char *colon = strchr(name, ':');
    const struct step *step = runbook_step(runbook, runbook_bare_name(name));
    if (!step || !step->gate) {
        error_set(error, ERROR_USAGE, "--confirm %s: the runbook has no gate there", name);
        return error_remedy(error, "pgrunbook check %s lists the gates", operand);
    }
    bool each = runbook->environment_count && phase_of(runbook, step)->scope == PHASE_EACH;
    char *environment = xstrndup(name, colon ? (size_t)(colon - name) : 0);
    bool known = colon && runbook_environment(runbook, environment);
    free(environment);
    if (each && !known) {
        error_set(error, ERROR_USAGE, "--confirm %s: the gate stands in each environment", name);
        return error_remedy(error, "say in which one: --confirm %s:%s",
                            runbook->environments[0].name, step->path);
    }
    return each || !colon ||
           error_set(error, ERROR_USAGE, "--confirm %s: the gate isn't one environment's", name);
}

bool gates_known(const struct runbook *runbook, const struct options *options, struct error *error)
{
    for (size_t i = 0; i < options->confirm.count; i++)
        if (!gate_known(runbook, options->confirm.items[i], options->operand, error))
            return false;
    return true;
}

/* The run of one environment, ready to be started. */
struct start {
    struct runbook *runbook;
    cJSON *docker;
    char *target;    /* where Docker is, and the stack's name there */
    char *directory; /* once it was started */
};

struct starting {
    const struct runbook *runbook;
    const struct options *options;
    const char *run;
    bool fresh; /* the group doesn't exist yet */
    struct start starts[ENVIRONMENTS_MAX + 1];
    size_t count;
};

static char *directory_of(const struct starting *starting, const char *environment)
{
    return environment ? member_directory(starting->run, environment)
                       : run_directory(starting->run);
}

static bool is_there_already(const struct starting *starting, const char *environment)
{
    char *directory = directory_of(starting, environment);
    bool there = run_is_there(directory);
    free(directory);
    return there;
}

/* Two environments that turn out to be one are a mistake that would change the wrong servers. */
static bool targets_differ(const struct start *start, const char *other, const char *target,
                           const char *remedy, struct error *error)
{
    if (!text_equal(target, start->target))
        return true;
    error_set(error, ERROR_RUNBOOK, "the environments %s and %s are the same stack: %s", other,
              start->runbook->environment->name, start->target);
    return error_remedy(error, "%s", remedy);
}

/* As its run was begun with; the caller frees. NULL where it was rolled back: it holds nothing of
 * the stack any more. */
static bool target_of_member(const char *directory, char **target, struct error *error)
{
    cJSON *docker = surroundings_docker();
    char *journal = file_join(directory, "journal.jsonl");
    struct run_state *state = journal_load(journal, error);
    bool there = state && surroundings_use_docker(directory, error);
    *target = there && state->status != RUN_ROLLED_BACK ? where_target(state->stack) : NULL;
    there = surroundings_set_docker(docker, error) && there;
    run_state_free(state);
    free(journal);
    cJSON_Delete(docker);
    return there;
}

static bool differs_from_member(const struct starting *starting, const struct start *start,
                                const char *member, struct error *error)
{
    if (!is_there_already(starting, member))
        return true;
    char *directory = directory_of(starting, member), *target = NULL;
    char *remedy = xprintf("A run keeps its own copy of the runbook: say what differs with --set "
                           "%s:NAME=VALUE, such as its container.",
                           start->runbook->environment->name);
    bool differs = target_of_member(directory, &target, error) &&
                   (!target || targets_differ(start, member, target, remedy, error));
    free(remedy);
    free(target);
    free(directory);
    return differs;
}

/* From those that begin with it, and from those that have a run already, finished ones too. */
static bool target_is_own(const struct starting *starting, const struct start *start,
                          struct error *error)
{
    const struct runbook *runbook = starting->runbook;
    bool own = true;
    for (size_t i = 0; own && i < starting->count; i++) {
        const struct start *other = &starting->starts[i];
        own =
            !other->runbook->environment ||
            targets_differ(start, other->runbook->environment->name, other->target,
                           "give each values of its own under `set`, such as its container", error);
    }
    for (size_t i = 0; own && i < runbook->environment_count; i++)
        own = differs_from_member(starting, start, runbook->environments[i].name, error);
    return own;
}

/* Phases are found by their names: of two versions of a file they needn't be the same. */
static bool is_of_this_runbook(const struct starting *starting, const char *directory,
                               struct error *error)
{
    char *journal = file_join(directory, "journal.jsonl");
    struct run_state *state = journal_load(journal, error);
    free(journal);
    bool same = state && text_equal(state->runbook_sha256, starting->runbook->sha256);
    if (state && !same) {
        error_set(error, ERROR_USAGE, "%s was begun with another version of the runbook",
                  state->run);
        error_remedy(error,
                     "go on with that one: pgrunbook run %s/runbook.yaml --run-id %s; or take "
                     "another --run-id",
                     directory, starting->run);
    }
    run_state_free(state);
    return same;
}

/* Left by a start that came to nothing: it goes on as it is. */
static int take_up(const struct starting *starting, const char *environment)
{
    struct error error = ERROR_INIT;
    char *directory = directory_of(starting, environment);
    bool up = is_of_this_runbook(starting, directory, &error) &&
              (!starting->fresh || ensure_engine(directory, starting->options, &error));
    free(directory);
    return up ? 0 : tell_error(&error);
}

/* Values are looked up and checked; nothing is written yet. */
static int prepare(struct runbook *entered, void *context)
{
    struct starting *starting = context;
    struct start *start = &starting->starts[starting->count];
    const char *name = entered->environment ? entered->environment->name : NULL;
    if (is_there_already(starting, name)) {
        int taken_up = take_up(starting, name);
        runbook_free(entered);
        return taken_up;
    }
    struct error error = ERROR_INIT;
    int status = 0;
    *start = (struct start){.runbook = entered};
    struct lookup lookup = {.ask = ask_operator};
    if (name && starting->options->environments.count != 1)
        printf("pgrunbook: looking up the values of the environment %s\n", name);
    bool filled = fill_runbook(entered, starting->options, &lookup, &status);
    lookup_close(&lookup);
    char *stack = filled ? runbook_stack_name(start->runbook, &error) : NULL;
    start->target = stack ? where_target(stack) : NULL;
    start->docker = surroundings_docker();
    free(stack);
    if (!status && (!start->target || (name && !target_is_own(starting, start, &error))))
        status = tell_error(&error);
    starting->count++;
    return status;
}

static bool launch(const struct starting *starting, struct start *start, struct error *error)
{
    const struct environment *environment = start->runbook->environment;
    char *run =
        environment ? xprintf("%s@%s", starting->run, environment->name) : xstrdup(starting->run);
    bool launched = surroundings_set_docker(start->docker, error) &&
                    engine_create(start->runbook, run, &start->directory, error);
    free(run);
    return launched;
}

/* The group's own run comes last: as long as it isn't there, no environment begins. */
static int launch_all(struct starting *starting)
{
    struct error error = ERROR_INIT;
    cJSON *docker = surroundings_docker();
    bool launched = true;
    size_t own = starting->count;
    for (size_t i = 0; i < starting->count && launched; i++) {
        if (starting->starts[i].runbook->environment)
            launched = launch(starting, &starting->starts[i], &error);
        else
            own = i;
    }
    if (own < starting->count && launched)
        launched = launch(starting, &starting->starts[own], &error);
    for (size_t i = 0; i < starting->count && !launched && starting->fresh; i++)
        if (starting->starts[i].directory)
            engine_discard(starting->starts[i].directory);
    int status = launched ? 0 : tell_error(&error);
    if (!surroundings_set_docker(docker, &error))
        status = tell_error(&error);
    cJSON_Delete(docker);
    return status;
}

static void starting_free(struct starting *starting)
{
    for (size_t i = 0; i < starting->count; i++) {
        runbook_free(starting->starts[i].runbook);
        cJSON_Delete(starting->starts[i].docker);
        free(starting->starts[i].target);
        free(starting->starts[i].directory);
    }
}

static bool name_is_free(const char *run, struct error *error)
{
    if (!strchr(run, '@'))
        return true;
    error_set(error, ERROR_USAGE, "there is no run %s", run);
    return error_remedy(error, "a new run's name has no '@'; --environment chooses environments");
}

bool start_environments(const struct runbook *runbook, const struct options *options,
                        const char *run, char **directory, int *status)
{
    char *made = run ? xstrdup(run) : run_id_new(runbook->name);
    char *group = run_directory(made);
    struct starting starting = {
        .runbook = runbook, .options = options, .run = made, .fresh = !run_is_there(group)};
    struct error error = ERROR_INIT;
    *status = name_is_free(made, &error) ? 0 : tell_error(&error);
    if (!*status)
        *status = for_each_environment(runbook, options, true, prepare, &starting);
    if (!*status)
        *status = launch_all(&starting);
    starting_free(&starting);
    free(made);
    *directory = *status ? NULL : group;
    if (*status)
        free(group);
    return *status == 0;
}
