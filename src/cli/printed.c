/* printed.c: loading a runbook and printing what is made of it. */
#include "cli/printed.h"

#include <stdio.h>

const struct command_option variable_options[] = {
    {"set", "NAME=VALUE", "give a variable its value (may be repeated)"},
    {"vars", "FILE", "take variables from a YAML map (may be repeated)"},
    {NULL, NULL, NULL},
};

int print_runbook(const struct command *command, int argc, char **argv,
                  void (*make)(const struct runbook *runbook, struct text *output),
                  int (*then)(const struct runbook *runbook, const struct options *options))
{
    struct options options;
    int status;
    if (!options_read(command, argc, argv, &options, &status))
        return status;
    struct runbook *runbook = load_runbook(&options, NULL, &status);
    if (runbook) {
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
