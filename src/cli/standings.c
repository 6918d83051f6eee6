/* standings.c: the environments of a run, read from their journals. */
#include "cli/standings.h"

#include "base/clock.h"
#include "base/file.h"
#include "cli/hold_lines.h"
#include "cli/plain.h"
#include "cli/summary.h"
#include "engine/directory.h"
#include "engine/journal.h"
#include "runbook/runbook.h"

#include <stdio.h>
#include <stdlib.h>

static struct run_state *load(const struct group_member *member, struct error *error)
{
    char *journal = file_join(member->directory, "journal.jsonl");
    struct run_state *state = journal_load(journal, error);
    free(journal);
    return state;
}

/* What it does, or why it stands. */
static void add_place(const struct run_state *state, struct text *line)
{
    char ago[32];
    const struct step_state *step = state->current >= 0 ? &state->steps[state->current] : NULL;
    if (state->status == RUN_WAITING)
        text_printf(line, "%s %s", state->turn.phase, state->turn.message);
    else if (run_state_finished(state))
        text_printf(line, "since %s",
                    text_duration(ago, sizeof ago, (long)(clock_wall_ms() - state->finished_ms)));
    else if (step)
        text_printf(line, "%s (%s)", step->path, step_status_name(step->status));
}

static void print_standing(const struct group_member *member)
{
    struct error error = ERROR_INIT;
    struct text line = {0};
    struct run_state *state = load(member, &error);
    bool own = !member->environment;
    if (state && !own && !run_state_finished(state) && !engine_alive(member->directory))
        text_add(&line, "its engine isn't running; ");
    if (state)
        add_place(state, &line);
    /* without phases for all there is nothing to say */
    if (!state || !own || state->step_count)
        printf("  %-12s %-16s %s\n", own ? ENVIRONMENT_ALL : member->environment,
               state ? run_status_name(state->status) : "unreadable",
               state ? text_string(&line) : error.message);
    run_state_free(state);
    text_free(&line);
}

/* Behind the list, for nobody to overlook it. */
static void print_held(const struct group_member *member)
{
    struct error told = ERROR_INIT; /* in the list */
    struct run_state *state = load(member, &told);
    if (state)
        print_hold(state, engine_alive(member->directory));
    run_state_free(state);
}

void print_standings(const struct group *group)
{
    printf("\nenvironments of run %s:\n", group->run);
    for (size_t i = 0; i < group->count; i++)
        print_standing(&group->items[i]);
    for (size_t i = 0; i < group->count; i++)
        print_held(&group->items[i]);
}

void add_standings(cJSON *own, const struct group *group)
{
    cJSON *list = cJSON_AddArrayToObject(own, "environments");
    for (size_t i = 0; i < group->count; i++) {
        const struct group_member *member = &group->items[i];
        struct error error = ERROR_INIT;
        struct run_state *state = member->environment ? load(member, &error) : NULL;
        if (!state)
            continue;
        cJSON *object = summary_json(state);
        cJSON_AddBoolToObject(object, "engine_alive", engine_alive(member->directory));
        cJSON_AddItemToArray(list, object);
        run_state_free(state);
    }
}

int status_of_group(const struct group *group)
{
    int status = 0;
    for (size_t i = 0; i < group->count; i++) {
        struct error error = ERROR_INIT;
        struct run_state *state = load(&group->items[i], &error);
        status = more_urgent_status(status, state ? exit_status_of(state) : ERROR_OTHER);
        run_state_free(state);
    }
    return status;
}
