/* reference.c: the format's reference in Markdown, made from the tables of fields and of actions.
 */
#include "runbook/fields.h"
#include "runbook/markdown.h"
#include "runbook/values.h"

#include <string.h>

static const char introduction[] =
    "# The runbook file\n\n"
    "This page is made from the program's own tables (`pgrunbook reference`); edit those, not "
    "it.\n\n"
    "A runbook is a YAML file (UTF-8, at most 1 MiB) that says, phase by phase and step by step, "
    "what\n"
    "is done to a stack, what the operator is asked, and how each step is undone. The file is "
    "strict:\n"
    "every scalar is text until the format types it, so `16.10` and `no` are what stands there.\n"
    "Unknown and duplicate keys, anchors, aliases, tags, merge keys, directives and a second "
    "document\n"
    "are faults. `pgrunbook check RUNBOOK` prints every fault as `FILE:LINE:COLUMN: message`.\n\n"
    "Editors complete and check it when the file begins with this line:\n\n"
    "    # yaml-language-server: $schema=runbook.schema.json\n";

static const char templates_text[] =
    "\n## `${...}`\n\n"
    "`${NAME}` stands for a variable's value, `${fact.KEY}` for what an earlier step recorded "
    "(only in\n"
    "actions' arguments and in `when`), `$${` for the two characters `${` themselves. Inside `{}` "
    "and\n"
    "`[]` a text that holds `${...}` has to stand in quotes. A secret is never put into a text "
    "that is\n"
    "shown: question, phrase, `stack`, `about`. Titles and ids hold no variables.\n\n"
    "A fact that a step takes by a map of facts (`take` of `http.get` and `http.request`) can "
    "stand "
    "in later\nsteps and in that step's own undo; a place before it is a fault. Other facts are "
    "those "
    "that actions\nrecord by themselves.\n";

static const char sources_text[] = "\n### Where values come from\n\n"
                                   "First `--set NAME=VALUE`, then a file given with `--vars FILE` "
                                   "(a map from names to texts; when it\n"
                                   "holds a secret, nobody else may be able to read it), then the "
                                   "items of `from` in their order,\n"
                                   "then `default`. A variable that ends without a value stops the "
                                   "run before it begins. An empty\n"
                                   "value of a source counts as none.\n\n"
                                   "| source | value |\n| --- | --- |\n";

static const char environments_text[] =
    "\nWith environments a run is several: one for the phases that run once for all, and one, "
    "`RUN@NAME`,\nfor each environment, with a journal, gates and a rollback of its own. Each "
    "is paused, rolled back or\nleft out by itself. A phase begins in the file's order: behind "
    "every phase for all that stands before\nit, and in an environment when each environment "
    "before it is through that phase, was rolled back, was\nleft out, or is paused. One that "
    "failed or waits at a gate holds up those behind it; the operator can\nlet one go first. A "
    "phase for all begins when every environment is through what stands before it,\nwas rolled "
    "back or left out. Nobody can let an environment begin before what it requires holds.\n\n"
    "`${environment}` is the environment's name, `all` in a phase for all. A phase for each "
    "reads the facts\nthat phases for all have recorded; the other way round there are as many "
    "as environments, so it can't.\nA gate requires steps of its own environment only.\n";

static const char conditions_text[] =
    "\n### Conditions (`when`)\n\n"
    "`A == B`, `A != B`, or a single value, which holds when it is neither empty nor `no`, "
    "`false`,\n"
    "`off` or `0`. Both sides may hold `${...}`; `''` is the empty text.\n";

static const char hold_text[] =
    "\nWhat the step holds (a write fence) is let go by itself, unless the run gets as far as the "
    "fact\n`until`. A failed step, a declined gate, a gate's time-out, `for`, the death of the "
    "engine: each lets\ngo. Letting go is the undo of every step that was started, newest first, "
    "back to this one. The run\nthen stands still; `retry` begins again with this step. One step "
    "of a runbook can hold.\n";

static const char price_text[] =
    "\n### `price`, `save`, `fence` and `unfence`\n\n"
    "What a rollback costs once this step was started. Before a rollback the action of `price` is "
    "carried\nout; it records the fact `price`: `{rows, tables, list: [{database, schema, table, "
    "inserted, updated,\ndeleted}], taken_ms}`, or `{unknown: REASON}`. Where `rows` isn't 0 the "
    "operator has to give them up by\ntheir number, or to have them saved first by the action of "
    "`save`. One step of a runbook can have a\nprice.\n\n"
    "That count is taken while clients write. So what was answered, or that nothing would be lost, "
    "is held\nagainst a last look: the action of `fence` stops writes, then `price` is carried out "
    "once more, or `save`;\nonly then the undo begins, and the fence lasts until this step's undo "
    "is done. More rows than were\ngiven up, or a fence that fails: it is taken back by `unfence`, "
    "and the operator is asked again with the\nnew number. `unfence` is carried out whenever that "
    "rollback stops before this step's undo is done, by\nthe next start when the program died, and "
    "behind that undo. `lose unknown` waits for no count and no\nfence. Without `fence` what is "
    "written after the count is lost.\n";

static const char actions_text[] =
    "\n## Actions\n\n"
    "A step has exactly one of these, named by its key. The danger says what it may do:\n\n";

/* What a field's value looks like, in words. */
static void add_shape(const struct field *field, struct text *output)
{
    static const char *const words[] = {
        [SHAPE_TEXT] = "text",
        [SHAPE_TEMPLATE] = "text with `${...}`",
        [SHAPE_INTEGER] = "integer",
        [SHAPE_BOOLEAN] = "boolean",
        [SHAPE_DURATION] = "duration",
        [SHAPE_SERVER] = "server",
        [SHAPE_CHOICE] = "",
        [SHAPE_TEXTS] = "list of texts, or one",
        [SHAPE_TEMPLATES] = "list of texts with `${...}`, or one",
        [SHAPE_CHOICES] = "list of ",
        [SHAPE_VALUES] = "map from names to texts, or to maps, see below",
        [SHAPE_MAP] = "map, see below",
        [SHAPE_NAMED_MAPS] = "map from names to maps, see below",
        [SHAPE_MAPS] = "list of maps, see below",
        [SHAPE_INVOCATION] = "one action with its arguments",
        [SHAPE_INVOCATIONS] = "one action with its arguments, or a list of them",
    };
    text_add(output, words[field->shape]);
    for (const struct name_value *row = field->choices; row && row->name; row++)
        text_printf(output, "%s`%s`", row == field->choices ? "" : ", ", row->name);
}

static void add_table(const char *heading, const struct field_table *table, struct text *output)
{
    text_printf(output, "\n%s\n\n| key | value | what it says |\n| --- | --- | --- |\n", heading);
    for (const struct field *field = table->fields; field->name; field++) {
        text_printf(output, "| `%s`%s | ", field->name, field->required ? " (required)" : "");
        add_shape(field, output);
        text_add(output, " | ");
        markdown_cell(output, field->help);
        text_add(output, " |\n");
    }
    if (table->takes_action)
        text_add(output,
                 "| an action (required) | map of its arguments | what is done: exactly one of "
                 "the [actions](#actions) |\n");
}

static void add_names(const char *heading, const struct name_value *table, struct text *output)
{
    text_printf(output, "%s", heading);
    for (const struct name_value *row = table; row->name; row++)
        text_printf(output, "- `%s`: %s\n", row->name, row->help);
}

static void add_sources(struct text *output)
{
    text_add(output, sources_text);
    for (const struct source_rule *rule = source_rules; rule->word; rule++)
        text_printf(output, "| `%s%s%s` | %s |\n", rule->word, rule->server ? " SERVER" : "",
                    rule->name ? " NAME" : "", rule->help);
}

static void add_types(struct text *output)
{
    text_add(output, "\n## Types of values\n\n| type | written as |\n| --- | --- |\n");
    for (const struct type_rule *rule = type_rules;; rule++) {
        text_printf(output, "| %s | ", rule->name);
        markdown_cell(output, rule->how);
        text_add(output, " |\n");
        if (rule->type == ARGUMENT_MAP)
            return;
    }
}

static void add_argument(const struct argument *row, struct text *output)
{
    text_printf(output, "| `%s`%s | ", row->name, row->required ? " (required)" : "");
    if (row->type == ARGUMENT_ENUM)
        for (const char *const *choice = row->choices; choice && *choice; choice++)
            text_printf(output, "%s`%s`", choice == row->choices ? "" : ", ", *choice);
    else
        text_add(output, argument_type_name(row->type));
    text_add(output, " | ");
    if (row->fallback && *row->fallback)
        markdown_code_cell(output, row->fallback);
    text_add(output, " | ");
    markdown_cell(output, row->help ? row->help : "");
    text_add(output, " |\n");
}

static void add_action(const struct action *action, struct text *output)
{
    text_printf(output, "\n### `%s` (%s)\n\n", action->name, danger_name(action->danger));
    markdown_cell(output, action->help ? action->help : "");
    text_add(output, "\n\n");
    if (!action->arguments || !action->arguments->name) {
        text_add(output, "No arguments: `{}`.\n");
        return;
    }
    text_add(output, "| argument | type | default | what it says |\n| --- | --- | --- | --- |\n");
    for (const struct argument *row = action->arguments; row->name; row++)
        add_argument(row, output);
}

void runbook_reference(const struct action *const *actions, struct text *output)
{
    text_add(output, introduction);
    add_table("## The file", &runbook_table, output);
    text_add(output, templates_text);
    add_table("## `vars`", &variable_table, output);
    add_sources(output);
    add_table("## `environments`", &environment_table, output);
    text_add(output, environments_text);
    add_table("### `set`", &set_table, output);
    text_add(output, "\nA variable that is given as a text is given its `default`; its sources "
                     "aren't asked then.\n");
    add_table("### `docker`", &docker_table, output);
    add_table("### `require`", &require_table, output);
    add_table("## `servers`", &server_table, output);
    add_table("## `watch`", &watch_table, output);
    add_table("## `phases`", &phase_table, output);
    add_names("\n`for`:\n\n", scope_names, output);
    add_table("## `steps`", &step_table, output);
    add_names("\n`on_failure`:\n\n", failure_names, output);
    text_add(output, conditions_text);
    add_table("### `expect`", &expect_table, output);
    add_names("\n`database`:\n\n", availability_names, output);
    add_table("### `gate`", &gate_table, output);
    add_names("\n`confirm` (the gate of a destructive step has to be typed):\n\n",
              confirmation_names, output);
    add_names("\n`show`:\n\n", show_names, output);
    add_table("### `hold`", &hold_table, output);
    text_add(output, hold_text);
    text_add(output, price_text);
    add_types(output);
    text_add(output, actions_text);
    add_names("", danger_names, output);
    for (size_t i = 0; actions[i]; i++)
        add_action(actions[i], output);
}
