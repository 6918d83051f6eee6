/* show.c: runs the screen, then asks the journal where the run stands. */
#include "cli/show.h"

#include "base/file.h"
#include "cli/options.h"
#include "cli/plain.h"
#include "engine/journal.h"
#include "ui/ui.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int show_screen(const char *directory, bool watch)
{
    struct error error = ERROR_INIT;
    if (!ui_run(directory, watch, &error))
        return tell_error(&error);
    char *path = file_join(directory, "journal.jsonl");
    struct run_state *state = journal_load(path, &error);
    int status = state ? exit_status_of(state) : tell_error(&error);
    run_state_free(state);
    free(path);
    return status;
}

/* The group of a run, of which one environment is a group of its own. */
static bool open_group(const char *directory, struct group *group, struct error *error)
{
    if (!run_environment(strrchr(directory, '/')))
        return group_open(directory, group, error);
    *group = (struct group){.items = xcalloc(1, sizeof *group->items), .count = 1};
    group->items[0].directory = xstrdup(directory);
    return true;
}

int follow_run(const char *directory, const struct options *options,
               const struct plain_options *plain)
{
    struct error error = ERROR_INIT;
    struct group group = {0};
    bool lines = options->plain || !isatty(0) || !isatty(1);
    int status;
    if (!open_group(directory, &group, &error))
        status = tell_error(&error);
    else if (lines)
        status = plain_follow_group(&group, plain);
    else
        status = show_screen(directory, options->watch);
    group_free(&group);
    return status;
}
