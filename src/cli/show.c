/* show.c: runs the screen, then asks the journal where the run stands. */
#include "cli/show.h"

#include "cli/options.h"
#include "cli/plain.h"
#include "cli/standings.h"
#include "runbook/runbook.h"
#include "ui/ui.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int show_screen(const struct group *group, bool watch)
{
    struct error error = ERROR_INIT;
    struct ui_tab tabs[UI_TABS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < group->count && count < UI_TABS_MAX; i++) {
        const struct group_member *member = &group->items[i];
        if (group->count == 1 || member->environment || has_phases_for_all(group))
            tabs[count++] = (struct ui_tab){
                member->environment ? member->environment : ENVIRONMENT_ALL, member->directory};
    }
    return ui_run(tabs, count, watch, &error) ? status_of_group(group) : tell_error(&error);
}

/* The group of a run, of which one of its runs alone is a group of its own. */
static bool open_group(const char *directory, const struct options *options, struct group *group,
                       struct error *error)
{
    if (!means_one_run(directory, options))
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
    if (!open_group(directory, options, &group, &error))
        status = tell_error(&error);
    else if (lines)
        status = plain_follow_group(&group, plain);
    else
        status = show_screen(&group, options->watch);
    group_free(&group);
    return status;
}
