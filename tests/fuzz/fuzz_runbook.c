/* fuzz_runbook.c: any bytes as a runbook file: never a crash, a hang or a leak. What loads is
 * resolved, checked and printed in every way. */
#include "runbook/runbook.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libfyaml 0.7.12 leaks the text of a quoted scalar that turns out to be no YAML: its own error
 * path. */
const char *__lsan_default_suppressions(void)
{
    return "leak:libfyaml";
}

static const char *const formats[] = {"plain", "directory", NULL};

static const struct argument arguments[] = {
    {"name", ARGUMENT_TEXT, true, NULL, NULL, "name"},
    {"n", ARGUMENT_INTEGER, false, NULL, NULL, "number"},
    {"b", ARGUMENT_BOOLEAN, false, NULL, NULL, "boolean"},
    {"d", ARGUMENT_DURATION, false, "30s", NULL, "duration"},
    {"z", ARGUMENT_SIZE, false, NULL, NULL, "size"},
    {"e", ARGUMENT_ENUM, false, "plain", formats, "choice"},
    {"p", ARGUMENT_PATH, false, NULL, NULL, "path"},
    {"o", ARGUMENT_PORT, false, NULL, NULL, "port"},
    {"s", ARGUMENT_SERVER, false, NULL, NULL, "server"},
    {"l", ARGUMENT_LIST, false, NULL, NULL, "list"},
    {"m", ARGUMENT_MAP, false, NULL, NULL, "map"},
    {"t", ARGUMENT_TREE, false, NULL, NULL, "structure"},
    {"f", ARGUMENT_FACTS, false, NULL, NULL, "facts"},
    {NULL, ARGUMENT_TEXT, false, NULL, NULL, NULL}};

static const struct action change = {
    .name = "do.it",
    .danger = DANGER_CHANGE,
    .help = "do it",
    .arguments = arguments,
};
static const struct action removal = {
    .name = "drop.it",
    .danger = DANGER_DESTRUCTIVE,
    .help = "drop it",
    .arguments = arguments,
};
static const struct action *const table[] = {&change, &removal, NULL};

static void use_step(const struct runbook *runbook, const struct step *step, const cJSON *facts)
{
    struct error error = ERROR_INIT;
    bool holds;
    if (step->when)
        runbook_condition(runbook, step->when, facts, &holds, &error);
    cJSON_Delete(
        runbook_expand_arguments(runbook, &step->invocation, facts, EXPAND_WITH_SECRETS, &error));
    cJSON_Delete(runbook_expand_arguments(runbook, &step->invocation, NULL, EXPAND_MASKED, &error));
}

static void use(struct runbook *runbook, struct fault_list *faults)
{
    struct error error = ERROR_INIT;
    struct text output = {0};
    cJSON *facts = cJSON_Parse("{\"a\":1,\"b\":\"two\"}");
    bool first = runbook->environment_count && runbook->source.length % 2;
    if (runbook->source.length % 3)
        runbook_enter(runbook, first ? runbook->environments[0].name : NULL, &error);
    runbook_resolve(runbook, NULL, NULL, &error);
    runbook_check_values(runbook, faults, &error);
    runbook_render_markdown(runbook, &output);
    runbook_list_steps(runbook, &output);
    free(runbook_stack_name(runbook, &error));
    for (size_t i = 0; i < runbook->phase_count; i++)
        for (size_t j = 0; j < runbook->phases[i].step_count; j++)
            use_step(runbook, &runbook->phases[i].steps[j], facts);
    cJSON_Delete(facts);
    text_free(&output);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct runbook *runbook = NULL;
    struct fault_list faults = {0};
    struct error error = ERROR_INIT;
    if (runbook_parse("fuzz.yaml", (const char *)data, size, table, &runbook, &faults, &error)) {
        use(runbook, &faults);
        runbook_free(runbook);
    } else if (!faults.count) {
        abort(); /* a refusal without a fault */
    }
    fault_list_free(&faults);
    return 0;
}
