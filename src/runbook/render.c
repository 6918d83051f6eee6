/* render.c: a runbook as the checklist for paper and wikis, in Markdown. */
#include "runbook/markdown.h"
#include "runbook/names.h"
#include "runbook/runbook.h"

#include <stdlib.h>

#define LOOSE "      " /* under "- [ ] 1.1 ", so that it belongs to the item */

/* Expanded with secrets masked; what can't be expanded stays as it stands. The caller frees. */
static char *shown(const struct runbook *runbook, const char *text)
{
    struct error ignored = ERROR_INIT;
    char *expanded = runbook_expand_text(runbook, text, NULL, EXPAND_MASKED, &ignored);
    return expanded ? expanded : xstrdup(text);
}

static void add_shown(const struct runbook *runbook, const char *text, struct text *output,
                      void (*add)(struct text *output, const char *text))
{
    char *expanded = shown(runbook, text);
    add(output, expanded);
    free(expanded);
}

static const char *value_of(const struct variable *variable)
{
    if (variable->secret)
        return "(secret)";
    return variable->value ? variable->value : "(open)";
}

static void add_variable(const struct variable *variable, struct text *output)
{
    struct text sources = {0};
    for (size_t i = 0; i < variable->source_count; i++) {
        text_add(&sources, i ? ", " : "");
        source_words(&variable->sources[i], &sources);
    }
    text_add(output, "| ");
    markdown_code_cell(output, variable->name);
    text_add(output, " | ");
    if (*value_of(variable))
        markdown_code_cell(output, value_of(variable));
    text_add(output, " | ");
    markdown_text(output, text_string(&sources));
    text_add(output, " | ");
    markdown_text(output, variable->about ? variable->about : "");
    text_add(output, " |\n");
    text_free(&sources);
}

static void add_variables(const struct runbook *runbook, struct text *output)
{
    if (!runbook->variable_count)
        return;
    text_add(output, "\n## Variables\n\n"
                     "| name | value | taken from | what it is |\n| --- | --- | --- | --- |\n");
    for (size_t i = 0; i < runbook->variable_count; i++)
        add_variable(&runbook->variables[i], output);
}

static void add_required_environments(const struct environment *environment, struct text *output)
{
    char duration[32];
    for (size_t i = 0; i < environment->require_count; i++) {
        const struct requirement *row = &environment->require[i];
        text_add(output, i ? ", " : "");
        markdown_code_cell(output, row->environment);
        if (row->for_ms)
            text_printf(output, " for %s", text_duration(duration, sizeof duration, row->for_ms));
    }
}

static void add_environment(const struct environment *environment, struct text *output)
{
    const char *docker =
        environment->docker_host ? environment->docker_host : environment->docker_context;
    text_add(output, "| ");
    markdown_code_cell(output, environment->name);
    text_add(output, " | ");
    for (size_t i = 0; i < environment->set_count; i++) {
        const struct variable *set = &environment->set[i];
        char *words = xprintf("%s=%s", set->name, set->fallback ? set->fallback : "(looked up)");
        text_add(output, i ? ", " : "");
        markdown_code_cell(output, words);
        free(words);
    }
    text_add(output, " | ");
    if (docker)
        markdown_code_cell(output, docker);
    text_add(output, " | ");
    add_required_environments(environment, output);
    text_add(output, " | ");
    markdown_text(output, environment->about ? environment->about : "");
    text_add(output, " |\n");
}

/* The one that was chosen, or all of them. */
static void add_environments(const struct runbook *runbook, struct text *output)
{
    if (!runbook->environment_count)
        return;
    text_add(output,
             "\n## Environments\n\nEach goes through the phases by itself, in this order; a "
             "phase for all runs once.\n\n"
             "| name | values | Docker | requires | what it is |\n"
             "| --- | --- | --- | --- | --- |\n");
    for (size_t i = 0; i < runbook->environment_count; i++)
        if (!runbook->environment || runbook->environment == &runbook->environments[i])
            add_environment(&runbook->environments[i], output);
}

/* "What: create a volume: `docker.volume` (change): `name=x`" */
static void add_invocation(const struct runbook *runbook, const char *label,
                           const struct invocation *invocation, enum danger danger,
                           struct text *output)
{
    struct text arguments = {0};
    runbook_describe_arguments(runbook, invocation, &arguments);
    text_printf(output, LOOSE "- %s: ", label);
    markdown_text(output, invocation->action->help ? invocation->action->help : "");
    text_add(output, " (");
    markdown_code(output, invocation->action->name);
    text_printf(output, ", %s)", danger_name(danger));
    if (arguments.length) {
        text_add(output, ": ");
        markdown_code(output, text_string(&arguments));
    }
    text_add(output, "\n");
    text_free(&arguments);
}

static void add_required(const struct gate *gate, struct text *output)
{
    for (size_t i = 0; i < gate->require.count; i++) {
        text_add(output, i ? ", " : "; needs ");
        markdown_code(output, gate->require.items[i]);
    }
    if (gate->require.count)
        text_add(output, " passed");
}

static void add_limits(const struct gate *gate, struct text *output)
{
    char duration[32];
    const char *separator = "; look at: ";
    for (const struct name_value *row = show_names; row->name; row++) {
        if (!(gate->show & (unsigned)row->value))
            continue;
        text_printf(output, "%s%s", separator, row->name);
        separator = ", ";
    }
    if (gate->offer) {
        text_add(output, "; when rows would be lost, offers ");
        markdown_code(output, gate->offer);
        text_add(output, " again");
    }
    if (gate->max_age_ms)
        text_printf(output, "; evidence at most %s old",
                    text_duration(duration, sizeof duration, gate->max_age_ms));
    if (gate->timeout_ms)
        text_printf(output, "; no answer within %s means no",
                    text_duration(duration, sizeof duration, gate->timeout_ms));
}

static void add_gate(const struct runbook *runbook, const struct step *step, struct text *output)
{
    const struct gate *gate = step->gate;
    if (!gate)
        return;
    text_add(output, LOOSE "- **Gate**: ");
    add_shown(runbook, gate->question ? gate->question : step->title, output, markdown_text);
    if (gate->confirm == CONFIRM_TYPE && gate->phrase) {
        text_add(output, " Type ");
        add_shown(runbook, gate->phrase, output, markdown_code);
    } else {
        text_add(output, " Answer by a key");
    }
    add_required(gate, output);
    add_limits(gate, output);
    text_add(output, "\n");
}

static void add_expected(const struct step *step, struct text *output)
{
    char duration[32];
    text_add(output, LOOSE "- Expected: ");
    if (step->planned_ms >= 0)
        text_printf(output, "%s, ", text_duration(duration, sizeof duration, step->planned_ms));
    text_printf(output, step->database == AVAILABLE ? "database %s\n" : "**database %s**\n",
                name_of(availability_names, (int)step->database));
}

static void add_condition(const struct runbook *runbook, const char *when, struct text *output)
{
    char *now = shown(runbook, when);
    text_add(output, LOOSE "- Only when ");
    markdown_code(output, when);
    text_add(output, " holds, now ");
    if (*now)
        markdown_code(output, now);
    else
        text_add(output, "empty");
    text_add(output, "\n");
    free(now);
}

static void add_warnings(const struct runbook *runbook, const struct step *step,
                         struct text *output)
{
    if (step->when)
        add_condition(runbook, step->when, output);
    if (step->danger == DANGER_DESTRUCTIVE)
        text_add(output, LOOSE "- **Removes something for good**\n");
    if (step->point_of_no_return)
        text_add(output, LOOSE "- **Point of no return**: no rollback once it has begun\n");
}

static void add_hold(const struct step *step, struct text *output)
{
    char duration[32];
    if (!step->hold)
        return;
    text_add(output, LOOSE "- Held until ");
    markdown_code(output, step->hold->until);
    text_printf(output, " is recorded, for at most %s; else undone by itself\n",
                text_duration(duration, sizeof duration, step->hold->limit_ms));
}

static void add_step(const struct runbook *runbook, const struct step *step, size_t phase,
                     size_t number, struct text *output)
{
    text_printf(output, "- [ ] **%zu.%zu ", phase, number);
    markdown_text(output, step->title);
    text_add(output, "** ");
    markdown_code(output, step->path);
    text_add(output, "\n");
    if (step->why) {
        text_add(output, LOOSE "- Why: ");
        markdown_text(output, step->why);
        text_add(output, "\n");
    }
    add_gate(runbook, step, output);
    add_invocation(runbook, "What", &step->invocation, step->danger, output);
    add_expected(step, output);
    for (size_t i = 0; i < step->undo_count; i++)
        add_invocation(runbook, "Undo", &step->undo[i], step->undo[i].action->danger, output);
    add_hold(step, output);
    if (step->price)
        add_invocation(runbook, "Before a rollback, its price", step->price,
                       step->price->action->danger, output);
    if (step->save)
        add_invocation(runbook, "Before a rollback, when asked for", step->save,
                       step->save->action->danger, output);
    if (step->fence)
        add_invocation(runbook, "Before a rollback counts for the last time or saves", step->fence,
                       step->fence->action->danger, output);
    if (step->unfence)
        add_invocation(runbook, "After that rollback, or when it comes to nothing", step->unfence,
                       step->unfence->action->danger, output);
    add_warnings(runbook, step, output);
}

static void add_heading(const struct runbook *runbook, struct text *output)
{
    struct error ignored = ERROR_INIT;
    char *stack = runbook_stack_name(runbook, &ignored);
    text_add(output, "# ");
    markdown_text(output, runbook->title);
    text_add(output, "\n\nRunbook ");
    markdown_code(output, runbook->name);
    text_add(output, " for ");
    markdown_code(output, stack ? stack : "?");
    text_add(output, ".\n");
    free(stack);
    if (!runbook->about)
        return;
    char *about = shown(runbook, runbook->about);
    text_add(output, "\n");
    markdown_paragraphs(output, about, "");
    free(about);
}

void runbook_render_markdown(const struct runbook *runbook, struct text *output)
{
    add_heading(runbook, output);
    add_variables(runbook, output);
    add_environments(runbook, output);
    for (size_t i = 0; i < runbook->phase_count; i++) {
        const struct phase *phase = &runbook->phases[i];
        if (!runbook_has_phase(runbook, phase))
            continue;
        text_printf(output, "\n## %zu. ", i + 1);
        markdown_text(output, phase->title);
        text_add(output, runbook_scope(runbook, phase));
        text_add(output, "\n\n");
        for (size_t j = 0; j < phase->step_count; j++)
            add_step(runbook, &phase->steps[j], i + 1, j + 1, output);
    }
    text_add(output,
             "\nRollback: from any point before a point of no return, the undo of every step "
             "that was begun, newest first.\n");
}
