/* rollback.c: `pgrunbook rollback`: what the key R does. */
#include "cli/options.h"
#include "cli/plain.h"

#include "base/file.h"
#include "engine/directory.h"
#include "engine/group.h"
#include "engine/journal.h"
#include "engine/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static int roll_back_one(const char *directory, const struct options *options)
{
    struct error error = ERROR_INIT;
    const struct plain_options follow = {.rollback = "pgrunbook rollback",
                                         .save = options->save,
                                         .lose = options->lose,
                                         .retry = options->retry};
    if (!can_roll_back(directory, &error) || !ensure_engine(directory, options, &error))
        return tell_error(&error);
    return plain_follow(directory, &follow);
}

/* The newest environment first, the phases for all last. */
static int roll_back_chosen(const struct group *group, const struct options *options)
{
    int status = 0;
    for (size_t i = group->count; i-- > 0;) {
        const struct group_member *member = &group->items[i];
        bool chosen = member->environment ? options->all || text_list_has(&options->environments,
                                                                          member->environment)
                                          : options->all;
        if (!chosen || (options->all && run_is_finished(member->directory)))
            continue;
        printf("pgrunbook: rolling back %s\n",
               member->environment ? member->environment : "the phases for all");
        status = more_urgent_status(status, roll_back_one(member->directory, options));
    }
    return status;
}

/* Which servers are meant has to be said. */
static bool choice_is_clear(const struct group *group, const struct options *options,
                            struct error *error)
{
    struct text names = {0};
    for (size_t i = 1; i < group->count; i++)
        text_printf(&names, "%s%s", i > 1 ? ", " : "", group->items[i].environment);
    bool known = options->all || options->environments.count;
    if (!known) {
        error_set(error, ERROR_USAGE, "run %s has several environments: %s", group->run,
                  text_string(&names));
        error_remedy(error, "say which one: pgrunbook rollback %s@%s; or --all of them", group->run,
                     group->items[group->count - 1].environment);
    }
    for (size_t i = 0; i < options->environments.count && known; i++) {
        const char *name = options->environments.items[i];
        bool found = false;
        for (size_t j = 1; j < group->count; j++)
            found = found || text_equal(group->items[j].environment, name);
        known = found || error_set(error, ERROR_USAGE, "%s takes no part in run %s, but %s do",
                                   name, group->run, text_string(&names));
    }
    text_free(&names);
    return known;
}

static int roll_back_group(const struct group *group, const struct options *options)
{
    struct error error = ERROR_INIT;
    if (choice_is_clear(group, options, &error))
        return roll_back_chosen(group, options);
    return tell_error(&error);
}

static int roll_back(const char *directory, const struct options *options)
{
    struct error error = ERROR_INIT;
    struct group group;
    if ((options->save && options->lose) || (options->retry && (options->save || options->lose))) {
        error_set(&error, ERROR_USAGE, "--retry, --save and --lose contradict each other");
        return tell_error(&error);
    }
    if (means_one_run(directory, options))
        return roll_back_one(directory, options);
    bool opened = group_open(directory, &group, &error);
    int status = !opened           ? tell_error(&error)
                 : group.count > 1 ? roll_back_group(&group, options)
                                   : roll_back_one(directory, options);
    group_free(&group);
    return status;
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
    {"environment", "NAME", "of several environments this one (may be repeated)"},
    {"all", NULL, "of several environments all, the last one of the runbook first"},
    {NULL, NULL, NULL},
};

const struct command rollback_command = {
    .name = "rollback",
    .decides = true,
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
        "was rolled back because that question wasn't answered.\n"
        "Of several environments one is rolled back by its name, RUN@ENVIRONMENT; the others "
        "aren't touched.",
    .options = rollback_options,
    .run = run,
};
