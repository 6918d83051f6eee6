/* report.c: `pgrunbook report`: what happened, for the record. */
#include "cli/options.h"
#include "cli/report_formats.h"
#include "cli/standings.h"
#include "cli/summary.h"

#include "base/file.h"
#include "engine/directory.h"
#include "engine/group.h"
#include "engine/journal.h"

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

static const struct {
    const char *name;
    void (*make)(const struct run_state *state, struct text *output);
} formats[] = {
    {"markdown", markdown_report},
    {"html", html_report},
    {"json", json_report},
};

static bool known_format(const char *format)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (!strcmp(formats[i].name, format))
            return true;
    fprintf(stderr, "pgrunbook report: there is no format \"%s\"; it is markdown, html or json\n",
            format);
    return false;
}

static int report_one(const char *directory, const char *format)
{
    struct error error = ERROR_INIT;
    char *path = file_join(directory, "journal.jsonl");
    struct run_state *state = journal_load(path, &error);
    struct text output = {0};
    free(path);
    if (!state)
        return tell_error(&error);
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (!strcmp(formats[i].name, format))
            formats[i].make(state, &output);
    run_state_free(state);
    printf("%s", text_string(&output));
    text_free(&output);
    return 0;
}

/* One object: that of the phases for all, with those of the environments in it. */
static int report_group_json(struct group *group)
{
    struct error error = ERROR_INIT;
    char *path = file_join(group->items[0].directory, "journal.jsonl");
    struct run_state *state = journal_load(path, &error);
    free(path);
    if (state) {
        cJSON *object = summary_json(state);
        add_standings(object, group);
        char *text = cJSON_Print(object);
        printf("%s\n", text ? text : "{}");
        free(text);
        cJSON_Delete(object);
    }
    run_state_free(state);
    group_free(group);
    return state ? 0 : tell_error(&error);
}

/* With several environments one after the other, the phases for all first. */
static int print_report(const char *directory, const struct options *options)
{
    const char *format = options->format ? options->format : "markdown";
    if (!known_format(format))
        return ERROR_USAGE;
    struct group group;
    struct error error = ERROR_INIT;
    bool several = !run_environment(strrchr(directory, '/')) && run_is_there(directory);
    if (!several)
        return report_one(directory, format);
    int status = group_open(directory, &group, &error) ? 0 : tell_error(&error);
    if (group.count > 1 && text_equal(format, "json"))
        return report_group_json(&group);
    for (size_t i = 0; i < group.count && !status; i++)
        status = report_one(group.items[i].directory, format);
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
