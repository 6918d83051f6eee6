/* status.c: `pgrunbook status`: where a run stands, in one screenful or as JSON. */
#include "cli/hold_lines.h"
#include "cli/options.h"
#include "cli/plain.h"
#include "cli/row_table.h"
#include "cli/standings.h"
#include "cli/summary.h"

#include "base/clock.h"
#include "base/file.h"
#include "engine/directory.h"
#include "engine/journal.h"

#include <stdio.h>
#include <stdlib.h>

static void print_phase(const struct run_state *state, size_t phase)
{
    size_t done = 0, count = 0;
    for (size_t i = 0; i < state->step_count; i++) {
        const struct step_state *step = &state->steps[i];
        if (step->phase != phase)
            continue;
        count++;
        done += step->status == STEP_DONE || step->status == STEP_SKIPPED;
    }
    printf("  %-12s %-44s %zu/%zu\n", state->phases[phase].id, state->phases[phase].title, done,
           count);
}

static void print_current(const struct run_state *state)
{
    const struct step_state *step = state->current >= 0 ? &state->steps[state->current] : NULL;
    if (!step)
        return;
    printf("\n%s: %s (%s)\n", step->path, step->title, step_status_name(step->status));
    if (step->message)
        printf("  %s\n", step->message);
    if (step->remedy && *step->remedy)
        printf("  What to do: %s\n", step->remedy);
    if (state->gate.step) {
        printf("  Gate: %s\n", state->gate.question ? state->gate.question : "");
        for (size_t i = 0; i < state->gate.evidence_count; i++)
            printf("    %s  %s: %s\n", verdict_name(state->gate.evidence[i].verdict),
                   state->gate.evidence[i].name, state->gate.evidence[i].detail);
    }
}

static void print_turn(const struct run_state *state)
{
    if (state->turn.phase)
        printf("\n%s %s\n  before the others: pgrunbook first %s --phase %s\n", state->turn.phase,
               state->turn.message, state->run, state->turn.phase);
}

static void print_screenful(const struct run_state *state, bool alive)
{
    char at[40], total[32];
    struct rows_summary rows = run_state_rows(state);
    struct text tables = {0};
    printf("run      %s\nrunbook  %s\nstack    %s\n", state->run, state->title, state->stack);
    printf("state    %s, engine %s, last event %s\n\n", run_status_name(state->status),
           alive ? "alive" : "not running", clock_iso(at, sizeof at, state->event_ms));
    for (size_t i = 0; i < state->phase_count; i++)
        print_phase(state, i);
    if (rows.tables)
        printf("\nrow counts: %zu tables, %s rows, %zu compared, %zu different\n", rows.tables,
               text_grouped(total, sizeof total, rows.rows), rows.compared, rows.different);
    row_table(state, &tables);
    printf("%s", text_string(&tables));
    text_free(&tables);
    if (state->outage_count)
        printf("measured outage: %.0f ms\n", run_state_outage_ms(state, clock_wall_ms()));
    print_hold(state, alive);
    print_turn(state);
    print_current(state);
    if (run_state_finished(state))
        return;
    printf("\nscreen: pgrunbook attach %s\nback:   pgrunbook rollback %s\n", state->run,
           state->run);
}

static cJSON *state_json(const struct run_state *state, const char *directory)
{
    cJSON *object = summary_json(state);
    cJSON_AddBoolToObject(object, "engine_alive", engine_alive(directory));
    return object;
}

/* Deletes the object. */
static void print_json(cJSON *object)
{
    char *text = cJSON_Print(object);
    printf("%s\n", text ? text : "{}");
    free(text);
    cJSON_Delete(object);
}

static void print_group(const struct run_state *state, const struct group *group)
{
    printf("run      %s\nrunbook  %s\n", state->run, state->title);
    print_standings(group);
    printf("\nscreen: pgrunbook attach %s\none:    pgrunbook status %s@%s\n", state->run,
           state->run, state->environments.items[0]);
}

/* A run with environments: its own part, and where each of them stands. */
static int show_group(const char *directory, const struct run_state *state,
                      const struct options *options)
{
    struct group group;
    struct error error = ERROR_INIT;
    if (!group_open(directory, &group, &error))
        return tell_error(&error);
    int status = status_of_group(&group);
    if (options->json) {
        cJSON *object = state_json(state, directory);
        add_standings(object, &group);
        print_json(object);
    } else {
        print_group(state, &group);
    }
    group_free(&group);
    return status;
}

static int show(const char *directory, const struct options *options)
{
    struct error error = ERROR_INIT;
    char *path = file_join(directory, "journal.jsonl");
    struct run_state *state = journal_load(path, &error);
    free(path);
    if (!state)
        return tell_error(&error);
    int status = exit_status_of(state);
    if (state->environments.count && !means_one_run(directory, options))
        status = show_group(directory, state, options);
    else if (options->json)
        print_json(state_json(state, directory));
    else
        print_screenful(state, engine_alive(directory));
    run_state_free(state);
    return status;
}

static int run(const struct command *command, int argc, char **argv)
{
    return with_run(command, argc, argv, show);
}

static const struct command_option status_options[] = {
    {"json", NULL, "as JSON"},
    {NULL, NULL, NULL},
};

const struct command status_command = {
    .name = "status",
    .operands = "[RUN]",
    .help = "say where a run stands, in one screenful",
    .about =
        "Reads the run's journal; the engine needn't be alive. The exit status is the one that\n"
        "pgrunbook run --plain would end with: 0 complete, 10 waiting, 11 failed, 12 rolled back.\n"
        "A run with several environments lists them; RUN@ENVIRONMENT is one of them,\n"
        "RUN@all what is done once for all.",
    .options = status_options,
    .run = run,
};
