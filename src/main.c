/* main.c: the table of subcommands. */
#include "cli/command.h"
#include "cli/options.h"

#include <curl/curl.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

const struct command *const commands[] = {
    &run_command,       &attach_command, &status_command,     &rollback_command, &pause_command,
    &resume_command,    &first_command,  &skip_command,       &report_command,   &check_command,
    &plan_command,      &render_command, &init_command,       &help_command,     &schema_command,
    &reference_command, &manual_command, &completion_command, &version_command,  NULL,
};

static const struct command *find(const char *name)
{
    static const char *const aliases[][2] = {
        {"--help", "help"}, {"-h", "help"}, {"--version", "version"}};
    for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++)
        if (!strcmp(name, aliases[i][0]))
            name = aliases[i][1];
    for (size_t i = 0; commands[i]; i++)
        if (!strcmp(commands[i]->name, name))
            return commands[i];
    return NULL;
}

static int unknown_command(const char *name)
{
    const char *names[32];
    size_t count = 0;
    for (size_t i = 0; commands[i] && count < 32; i++)
        if (!commands[i]->hidden)
            names[count++] = commands[i]->name;
    const char *near = text_nearest(name, names, count);
    fprintf(stderr, "pgrunbook: there is no command \"%s\"%s%s%s; pgrunbook help lists them\n",
            name, near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    return ERROR_USAGE;
}

int main(int argc, char **argv)
{
    setlocale(LC_ALL, "");
    setlocale(LC_NUMERIC, "C"); /* JSON's numbers have a point */
    if (argc < 2) {
        help_command.run(&help_command, 1, argv);
        return ERROR_USAGE;
    }
    const struct command *command = find(argv[1]);
    if (!command)
        return unknown_command(argv[1]);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    int status = command->run(command, argc - 1, argv + 1);
    curl_global_cleanup();
    return status;
}
