/* siblings.c: several journals followed at once. */
#include "engine/siblings.h"

#include "base/file.h"
#include "engine/group.h"
#include "engine/journal.h"

#include <stdlib.h>
#include <string.h>

struct sibling {
    char *journal;
    struct run_state *state; /* NULL until there is a first event */
    long long offset;        /* of what wasn't read yet */
};

struct siblings {
    struct sibling group;
    struct sibling members[ENVIRONMENTS_MAX];
    const struct run_state *states[ENVIRONMENTS_MAX];
    size_t count;
};

/* Takes ownership of the directory. */
static struct sibling sibling_of(char *directory)
{
    struct sibling sibling = {.journal = file_join(directory, "journal.jsonl")};
    free(directory);
    return sibling;
}

struct siblings *siblings_open(const char *directory, const struct runbook *runbook)
{
    struct siblings *siblings = xcalloc(1, sizeof *siblings);
    char *group = xstrdup(directory);
    char *at = strrchr(group, '@'), *slash = strrchr(group, '/');
    if (at && (!slash || at > slash))
        *at = '\0';
    for (size_t i = 0; i < runbook->environment_count && i < ENVIRONMENTS_MAX; i++)
        siblings->members[siblings->count++] =
            sibling_of(xprintf("%s@%s", group, runbook->environments[i].name));
    siblings->group = sibling_of(group);
    return siblings;
}

static void sibling_close(struct sibling *sibling)
{
    run_state_free(sibling->state);
    free(sibling->journal);
}

void siblings_close(struct siblings *siblings)
{
    if (!siblings)
        return;
    sibling_close(&siblings->group);
    for (size_t i = 0; i < siblings->count; i++)
        sibling_close(&siblings->members[i]);
    free(siblings);
}

static bool sibling_read(struct sibling *sibling, struct error *error)
{
    if (!file_exists(sibling->journal))
        return true;
    struct run_state *state = sibling->state ? sibling->state : run_state_new();
    bool read = journal_follow(sibling->journal, &sibling->offset, state, error);
    sibling->state = state;
    if (!state->run) { /* its first event isn't there yet */
        run_state_free(state);
        sibling->state = NULL;
        sibling->offset = 0;
    }
    return read;
}

bool siblings_read(struct siblings *siblings, struct error *error)
{
    bool read = sibling_read(&siblings->group, error);
    for (size_t i = 0; i < siblings->count; i++) {
        read = sibling_read(&siblings->members[i], error) && read;
        siblings->states[i] = siblings->members[i].state;
    }
    return read;
}

const struct run_state *siblings_group(const struct siblings *siblings)
{
    return siblings->group.state;
}

const struct run_state *const *siblings_members(const struct siblings *siblings)
{
    return siblings->states;
}
