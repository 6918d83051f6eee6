/* report.c: `pgrunbook report`: what happened, for the record. */
#include "cli/options.h"
#include "cli/report_formats.h"
#include "cli/standings.h"
#include "cli/summary.h"

#include "base/file.h"
#include "engine/group.h"
#include "engine/journal.h"
#include "runbook/runbook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void json_report(const struct run_state *state, struct text *output)
{
    cJSON *object = summary_json(state);
    char *text = cJSON_Print(object);
    text_printf(output, "%s\n", text ? text : "{}");
    free(text);
    cJSON_Delete(object);
}

struct report_format {
    const char *name; /* NULL ends the table */
    const char *begin;
    void (*make)(const struct run_state *state, struct text *output);
    void (*head)(const struct report_group *group, struct text *output); /* of several */
};

static const struct report_format formats[] = {
    {"markdown", "", markdown_report, markdown_group},
    {"html", html_report_begin, html_report, html_group},
    {"json", "", json_report, NULL},
    {NULL, NULL, NULL, NULL},
};

static const struct report_format *find_format(const char *name)
{
    for (const struct report_format *format = formats; format->name; format++)
        if (!strcmp(format->name, name))
            return format;
    fprintf(stderr, "pgrunbook report: there is no format \"%s\"; it is markdown, html or json\n",
            name);
    return NULL;
}

static struct run_state *load(const char *directory, struct error *error)
{
    char *path = file_join(directory, "journal.jsonl");
    struct run_state *state = journal_load(path, error);
    free(path);
    return state;
}

static int report_one(const char *directory, const struct report_format *format)
{
    struct error error = ERROR_INIT;
    struct run_state *state = load(directory, &error);
    struct text output = {0};
    if (!state)
        return tell_error(&error);
    format->make(state, &output);
    run_state_free(state);
    printf("%s", text_string(&output));
    text_free(&output);
    return 0;
}

static const char *label(const struct group_member *member)
{
    return member->environment ? member->environment : ENVIRONMENT_ALL;
}

/* How all of them stand; `from` is the first that there is something to tell of. */
static int report_head(const struct group *group, size_t from, const struct report_format *format)
{
    struct error error = ERROR_INIT;
    struct run_state *states[1 + ENVIRONMENTS_MAX];
    const char *labels[1 + ENVIRONMENTS_MAX];
    struct text output = {0};
    size_t count = 0;
    for (size_t i = from; i < group->count && count < 1 + ENVIRONMENTS_MAX; i++, count++) {
        states[count] = load(group->items[i].directory, &error);
        labels[count] = label(&group->items[i]);
        if (!states[count])
            break;
    }
    const struct report_group all = {.run = group->run,
                                     .status = run_status_name(standing_of_group(group)),
                                     .labels = labels,
                                     .states = (const struct run_state *const *)states,
                                     .count = count};
    bool known = from + count == group->count;
    if (known)
        format->head(&all, &output);
    printf("%s", text_string(&output));
    text_free(&output);
    while (count > 0)
        run_state_free(states[--count]);
    return known ? 0 : tell_error(&error);
}

/* One object: that of the phases for all, with those of the environments in it. */
static int report_group_json(const struct group *group)
{
    struct error error = ERROR_INIT;
    struct run_state *state = load(group->items[0].directory, &error);
    if (!state)
        return tell_error(&error);
    cJSON *object = summary_json(state);
    run_state_free(state);
    add_standings(object, group);
    char *text = cJSON_Print(object);
    printf("%s\n", text ? text : "{}");
    free(text);
    cJSON_Delete(object);
    return 0;
}

/* With several environments how they stand, then one after the other, the phases for all first. */
static int report_group(const struct group *group, const struct report_format *format)
{
    if (group->count > 1 && format->make == json_report)
        return report_group_json(group);
    size_t first = group->count > 1 && !has_phases_for_all(group) ? 1 : 0;
    printf("%s", format->begin);
    int status = group->count > 1 ? report_head(group, first, format) : 0;
    for (size_t i = first; i < group->count && !status; i++)
        status = report_one(group->items[i].directory, format);
    return status;
}

static int print_report(const char *directory, const struct options *options)
{
    const struct report_format *format =
        find_format(options->format ? options->format : "markdown");
    struct group group = {0};
    struct error error = ERROR_INIT;
    if (!format)
        return ERROR_USAGE;
    if (means_one_run(directory, options)) {
        printf("%s", format->begin);
        return report_one(directory, format);
    }
    int status =
        group_open(directory, &group, &error) ? report_group(&group, format) : tell_error(&error);
    group_free(&group);
    return status;
}

static int run(const struct command *command, int argc, char **argv)
{
    return with_run(command, argc, argv, print_report);
}

static const struct command_option report_options[] = {
    {"format", "FORMAT", "markdown (the default), html or json"},
    {NULL, NULL, NULL},
};

const struct command report_command = {
    .name = "report",
    .operands = "[RUN]",
    .help = "print what happened in a run: steps, times, evidence, row counts, decisions",
    .options = report_options,
    .run = run,
};
