/* group.c: finding a group's runs on disk. */
#include "engine/group.h"

#include "base/file.h"
#include "engine/directory.h"
#include "engine/journal.h"
#include "engine/state.h"

#include <stdlib.h>
#include <string.h>

const char *run_environment(const char *run)
{
    const char *at = strchr(run, '@');
    return at ? at + 1 : NULL;
}

char *member_directory(const char *group, const char *environment)
{
    char *run = xprintf("%s@%s", group, environment);
    char *directory = run_directory(run);
    free(run);
    return directory;
}

/* Takes ownership of the directory. */
static void add_member(struct group *group, const char *environment, char *directory)
{
    group->items = xrealloc(group->items, (group->count + 1) * sizeof *group->items);
    group->items[group->count++] = (struct group_member){
        .environment = environment ? xstrdup(environment) : NULL, .directory = directory};
}

static void add_environments(struct group *group, const struct text_list *environments)
{
    for (size_t i = 0; i < environments->count; i++) {
        char *directory = member_directory(group->run, environments->items[i]);
        if (run_is_there(directory))
            add_member(group, environments->items[i], directory);
        else
            free(directory);
    }
}

bool group_open(const char *directory, struct group *group, struct error *error)
{
    char *journal = file_join(directory, "journal.jsonl");
    struct run_state *state = journal_load(journal, error);
    free(journal);
    *group = (struct group){0};
    if (!state)
        return false;
    group->run = xstrdup(state->run);
    group->run[strcspn(group->run, "@")] = '\0';
    add_member(group, NULL, run_directory(group->run));
    add_environments(group, &state->environments);
    run_state_free(state);
    return true;
}

void group_free(struct group *group)
{
    for (size_t i = 0; i < group->count; i++) {
        free(group->items[i].environment);
        free(group->items[i].directory);
    }
    free(group->items);
    free(group->run);
    *group = (struct group){0};
}
