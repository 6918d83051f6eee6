/* printed.c: loading a runbook and printing what is made of it. */
#include "cli/printed.h"

#include "cli/environments.h"

#include <stdio.h>

const struct command_option variable_options[] = {
    {"set", "NAME=VALUE", "give a variable its value (may be repeated)"},
    {"vars", "FILE", "take variables from a YAML map (may be repeated)"},
    ENVIRONMENT_OPTION,
    {NULL, NULL, NULL},
};

static int check_values(struct runbook *entered, void *context)
{
    int status;
    fill_runbook(entered, context, NULL, &status);
    runbook_free(entered);
    return status;
}

/* Each environment's values are checked; when one is chosen, the runbook becomes its. */
static int check_environments_of(struct runbook **runbook, struct options *options)
{
    struct error error = ERROR_INIT;
    int status = for_each_environment(*runbook, options, true, check_values, options);
    if (status || options->environments.count != 1)
        return status;
    struct runbook *chosen = enter_copy(*runbook, options->environments.items[0], &error);
    if (!chosen)
        return tell_error(&error);
    runbook_free(*runbook);
    *runbook = chosen;
    return fill_runbook(chosen, options, NULL, &status) ? 0 : status;
}

int print_runbook(const struct command *command, int argc, char **argv,
                  void (*make)(const struct runbook *runbook, struct text *output),
                  int (*then)(const struct runbook *runbook, struct options *options))
{
    struct options options;
    int status;
    if (!options_read(command, argc, argv, &options, &status))
        return status;
    struct runbook *runbook = load_runbook(&options, NULL, &status);
    if (runbook && (runbook->environment_count || options.environments.count))
        status = check_environments_of(&runbook, &options);
    if (runbook && !status) {
        struct text text = {0};
        make(runbook, &text);
        printf("%s", text_string(&text));
        text_free(&text);
        if (then)
            status = then(runbook, &options);
    }
    runbook_free(runbook);
    options_free(&options);
    return status;
}
