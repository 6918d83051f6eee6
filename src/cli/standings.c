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

bool has_phases_for_all(const struct group *group)
{
    struct error ignored = ERROR_INIT; /* whoever shows it says so */
    struct run_state *state = load(&group->items[0], &ignored);
    bool has = !state || state->step_count;
    run_state_free(state);
    return has;
}

/* Of two states the one that says more about a run of both. */
static enum run_status more_urgent(enum run_status left, enum run_status right)
{
    static const int urgency[] = {
        [RUN_COMPLETE] = 0, [RUN_LEFT_OUT] = 1,  [RUN_ROLLED_BACK] = 2,  [RUN_WAITING] = 3,
        [RUN_RUNNING] = 4,  [RUN_RELEASING] = 5, [RUN_ROLLING_BACK] = 6, [RUN_PAUSED] = 7,
        [RUN_DECLINED] = 8, [RUN_AT_GATE] = 9,   [RUN_STEP_FAILED] = 10, [RUN_ROLLBACK_FAILED] = 11,
    };
    return urgency[left] >= urgency[right] ? left : right;
}

/* *finished_ms: when the last one ended, 0 while one hasn't. */
static enum run_status stand_together(const struct group *group, int64_t *finished_ms)
{
    enum run_status together = RUN_COMPLETE;
    bool finished = true;
    *finished_ms = 0;
    for (size_t i = 0; i < group->count; i++) {
        struct error told = ERROR_INIT; /* in the list */
        struct run_state *state = load(&group->items[i], &told);
        together = more_urgent(together, state ? state->status : RUN_STEP_FAILED);
        finished = finished && state && run_state_finished(state);
        if (state && state->finished_ms > *finished_ms)
            *finished_ms = state->finished_ms;
        run_state_free(state);
    }
    *finished_ms = finished ? *finished_ms : 0;
    return together;
}

enum run_status standing_of_group(const struct group *group)
{
    int64_t finished_ms;
    return stand_together(group, &finished_ms);
}

/* What the group's own run says of itself is about the phases for all only. */
static void stand_for_all(cJSON *own, const struct group *group)
{
    static const char *const fields[] = {"status", "finished"};
    cJSON *all = cJSON_CreateObject();
    int64_t finished_ms;
    const char *status = run_status_name(stand_together(group, &finished_ms));
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        cJSON_AddItemToObject(all, fields[i],
                              cJSON_DetachItemFromObjectCaseSensitive(own, fields[i]));
    cJSON_AddStringToObject(own, "status", status);
    cJSON_AddNumberToObject(own, "finished", (double)finished_ms);
    if (has_phases_for_all(group))
        cJSON_AddItemToObject(own, ENVIRONMENT_ALL, all);
    else
        cJSON_Delete(all);
}

void add_standings(cJSON *own, const struct group *group)
{
    stand_for_all(own, group);
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
