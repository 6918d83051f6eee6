/* options.c: getopt_long over the commands' tables; loading; errors. */
#include "cli/options.h"

#include "engine/directory.h"
#include "engine/engine.h"
#include "engine/group.h"
#include "steps/step.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define OPTIONS_MAX 16

/* Where an option's value goes; exactly one of the fields is set. */
struct target {
    const char *name;
    bool *flag;
    const char **text;
    struct text_list *list;
};

static const struct target *find_target(const struct target *targets, const char *name)
{
    for (; targets->name; targets++)
        if (!strcmp(targets->name, name))
            return targets;
    return NULL;
}

static void take_option(const struct target *target, const char *value)
{
    if (target->flag)
        *target->flag = true;
    else if (target->text)
        *target->text = value;
    else
        text_list_add(target->list, value);
}

static size_t fill_long_options(const struct command *command, struct option *long_options)
{
    size_t count = 0;
    for (const struct command_option *option = command->options;
         option && option->name && count < OPTIONS_MAX - 2; option++)
        long_options[count++] =
            (struct option){option->name, option->value ? required_argument : no_argument, NULL, 0};
    long_options[count++] = (struct option){"help", no_argument, NULL, 'h'};
    long_options[count] = (struct option){0};
    return count;
}

static int usage_error(const struct command *command)
{
    fprintf(stderr, "Try: pgrunbook %s --help\n", command->name);
    return ERROR_USAGE;
}

static bool take_operands(const struct command *command, int argc, char **argv,
                          struct options *options, int *status)
{
    bool required = command->operands && command->operands[0] != '[';
    if (optind < argc && command->operands && command->operands[0])
        options->operand = argv[optind++];
    if (optind < argc)
        fprintf(stderr, "pgrunbook %s: \"%s\" is one argument too many\n", command->name,
                argv[optind]);
    else if (required && !options->operand)
        fprintf(stderr, "pgrunbook %s: it needs %s\n", command->name, command->operands);
    else
        return true;
    *status = usage_error(command);
    return false;
}

bool options_read(const struct command *command, int argc, char **argv, struct options *options,
                  int *status)
{
    static char program[] = "pgrunbook"; /* who complains, for getopt; argv begins at the command */
    *options = (struct options){.command = command};
    argv[0] = program;
    const struct target targets[] = {
        {"set", NULL, NULL, &options->set},
        {"vars", NULL, NULL, &options->vars},
        {"confirm", NULL, NULL, &options->confirm},
        {"environment", NULL, NULL, &options->environments},
        {"run-id", NULL, &options->run_id, NULL},
        {"format", NULL, &options->format, NULL},
        {"plain", &options->plain, NULL, NULL},
        {"watch", &options->watch, NULL, NULL},
        {"json", &options->json, NULL, NULL},
        {"save", &options->save, NULL, NULL},
        {"retry", &options->retry, NULL, NULL},
        {"all", &options->all, NULL, NULL},
        {"phase", NULL, &options->phase, NULL},
        {"lose", NULL, &options->lose, NULL},
        {NULL, NULL, NULL, NULL},
    };
    struct option long_options[OPTIONS_MAX];
    fill_long_options(command, long_options);
    int found, index = 0;
    while ((found = getopt_long(argc, argv, "h", long_options, &index)) == 0) {
        const struct target *target = find_target(targets, long_options[index].name);
        if (target)
            take_option(target, optarg);
    }
    options->help = found == 'h';
    *status = 0;
    if (options->help)
        print_usage(command);
    else if (found == '?')
        *status = usage_error(command);
    if (found == -1 && take_operands(command, argc, argv, options, status))
        return true;
    options_free(options);
    return false;
}

void options_free(struct options *options)
{
    text_list_free(&options->set);
    text_list_free(&options->vars);
    text_list_free(&options->confirm);
    text_list_free(&options->environments);
}

void print_usage(const struct command *command)
{
    printf("pgrunbook %s%s%s%s\n\n%s\n", command->name,
           command->operands && *command->operands ? " " : "",
           command->operands ? command->operands : "",
           command->options && command->options->name ? " [OPTION]..." : "", command->help);
    if (command->about)
        printf("\n%s\n", command->about);
    printf("\n");
    for (const struct command_option *option = command->options; option && option->name; option++) {
        char *name = xprintf("--%s%s%s", option->name, option->value ? " " : "",
                             option->value ? option->value : "");
        printf("  %-24s %s\n", name, option->help);
        free(name);
    }
    printf("  %-24s %s\n", "-h, --help", "this text");
}

int tell_error(const struct error *error)
{
    fflush(stdout);
    fprintf(stderr, "pgrunbook: %s\n", error->message);
    if (error->remedy[0])
        fprintf(stderr, "  What to do: %s\n", error->remedy);
    return (int)error->kind;
}

void tell_faults(const char *path, const struct fault_list *faults)
{
    for (size_t i = 0; i < faults->count; i++)
        fprintf(stderr, "%s:%d:%d: %s\n", path, faults->items[i].position.line,
                faults->items[i].position.column, faults->items[i].message);
}

char *ask_operator(const struct variable *variable)
{
    FILE *terminal = fopen("/dev/tty", "r+e");
    struct termios before;
    if (!terminal)
        return NULL;
    if (tcgetattr(fileno(terminal), &before) < 0) {
        fclose(terminal);
        return NULL;
    }
    struct termios silent = before;
    if (variable->secret)
        silent.c_lflag &= ~(tcflag_t)ECHO;
    fprintf(terminal, "%s%s%s%s: ", variable->name, variable->about ? " (" : "",
            variable->about ? variable->about : "", variable->about ? ")" : "");
    fflush(terminal);
    tcsetattr(fileno(terminal), TCSAFLUSH, &silent);
    char line[1024], *answer = NULL;
    if (fgets(line, sizeof line, terminal)) {
        line[strcspn(line, "\n")] = '\0';
        answer = *line ? xstrdup(line) : NULL;
    }
    tcsetattr(fileno(terminal), TCSAFLUSH, &before);
    if (variable->secret)
        fputc('\n', terminal);
    fclose(terminal);
    explicit_bzero(line, sizeof line);
    return answer;
}

/* Everybody on the machine can read a command line (DESIGN.md, P8). */
static bool may_stand_on_command_line(const struct runbook *runbook, const char *name,
                                      struct error *error)
{
    const struct variable *variable = runbook_variable(runbook, runbook_bare_name(name));
    if (!variable || !variable->secret)
        return true;
    error_set(error, ERROR_USAGE, "--set %s: a secret has no place on a command line", name);
    return error_remedy(error,
                        "put it into a file that only you can read and name that with --vars, "
                        "or into the environment, or leave it out and be asked");
}

static bool set_variables(struct runbook *runbook, const struct options *options,
                          struct error *error)
{
    for (size_t i = 0; i < options->vars.count; i++)
        if (!runbook_set_file(runbook, options->vars.items[i], error))
            return false;
    for (size_t i = 0; i < options->set.count; i++) {
        const char *setting = options->set.items[i], *equals = strchr(setting, '=');
        if (!equals || equals == setting) {
            error_set(error, ERROR_USAGE, "--set %s isn't NAME=VALUE", setting);
            return error_remedy(error, "for example --set new_port=5433");
        }
        char *name = xstrndup(setting, (size_t)(equals - setting));
        bool set = may_stand_on_command_line(runbook, name, error) &&
                   runbook_may_set(runbook, name, error) &&
                   runbook_set(runbook, name, equals + 1, error);
        free(name);
        if (!set)
            return false;
    }
    return true;
}

/* What an environment sets isn't known before one was entered: each has to be checked by itself. */
static bool give_values(struct runbook *runbook, const struct options *options,
                        struct lookup *lookup, struct fault_list *faults, struct error *error)
{
    bool complete = runbook->entered || !runbook->environment_count;
    return set_variables(runbook, options, error) &&
           runbook_resolve(runbook, lookup ? lookup_variable : NULL, lookup, error) &&
           (!complete || runbook_check_values(runbook, faults, error));
}

static void tell_failure(const char *path, const struct fault_list *faults,
                         const struct error *error, int *status)
{
    *status = faults->count ? ERROR_RUNBOOK : (int)error->kind;
    if (!faults->count) {
        tell_error(error);
        return;
    }
    tell_faults(path, faults);
    fprintf(stderr, "pgrunbook: %s has %zu fault%s; nothing was done\n", path, faults->count,
            faults->count == 1 ? "" : "s");
}

struct runbook *read_runbook(const char *path, int *status)
{
    struct runbook *runbook = NULL;
    struct fault_list faults = {0};
    struct error error = ERROR_INIT;
    *status = 0;
    if (!runbook_load(path, actions, &runbook, &faults, &error))
        tell_failure(path, &faults, &error, status);
    fault_list_free(&faults);
    return *status ? NULL : runbook;
}

bool fill_runbook(struct runbook *runbook, const struct options *options, struct lookup *lookup,
                  int *status)
{
    struct fault_list faults = {0};
    struct error error = ERROR_INIT;
    *status = 0;
    if (!give_values(runbook, options, lookup, &faults, &error)) {
        if (runbook->environment)
            fprintf(stderr, "pgrunbook: in the environment %s:\n", runbook->environment->name);
        tell_failure(runbook->path, &faults, &error, status);
    }
    fault_list_free(&faults);
    return *status == 0;
}

struct runbook *load_runbook(const struct options *options, struct lookup *lookup, int *status)
{
    struct runbook *runbook = read_runbook(options->operand, status);
    if (!runbook || fill_runbook(runbook, options, lookup, status))
        return runbook;
    runbook_free(runbook);
    return NULL;
}

struct runbook *load_runbook_leniently(const struct options *options, const char *environment,
                                       struct lookup *lookup, struct error *error)
{
    struct runbook *runbook = NULL;
    struct fault_list faults = {0};
    bool good = runbook_load(options->operand, actions, &runbook, &faults, error) &&
                runbook_enter(runbook, environment, error) &&
                set_variables(runbook, options, error) &&
                runbook_resolve_leniently(runbook, lookup_variable, lookup, error);
    fault_list_free(&faults);
    if (good)
        return runbook;
    runbook_free(runbook);
    return NULL;
}

/* It may be long after the run was begun, by somebody else, from another shell. */
static void tell_unknown_secrets(const struct runbook *runbook)
{
    for (size_t i = 0; i < runbook->variable_count; i++) {
        const struct variable *variable = &runbook->variables[i];
        if (variable->lost || (variable->secret && !*variable->value && !variable->fallback))
            fprintf(stderr,
                    "pgrunbook: none of its sources has the secret %s now: what needs it will "
                    "fail; --vars FILE gives it\n",
                    variable->name);
    }
}

bool ensure_engine(const char *directory, const struct options *options, struct error *error)
{
    if (engine_alive(directory)) {
        if (options->vars.count)
            fprintf(stderr,
                    "pgrunbook: --vars isn't read: the run's engine is alive and has its secrets "
                    "(to give it others, end its process first: the last engine_started in "
                    "%s/journal.jsonl says which)\n",
                    directory);
        return true;
    }
    struct lookup lookup = {.lenient = true, .ask = ask_operator};
    struct runbook *runbook = NULL;
    bool up =
        engine_load_runbook(directory, &options->vars, lookup_variable, &lookup, &runbook, error);
    lookup_close(&lookup);
    if (up)
        tell_unknown_secrets(runbook);
    up = up && engine_resume(directory, runbook, options->command->decides, error);
    runbook_free(runbook);
    return up;
}

/* Its engine isn't started again only to be looked at: the journal has all of it. */
static bool ensure_member(const struct group_member *member, const struct options *options,
                          struct error *error)
{
    if (run_is_finished(member->directory))
        return true;
    if (member->environment && !engine_alive(member->directory))
        printf("pgrunbook: starting the engine of the environment %s\n", member->environment);
    return ensure_engine(member->directory, options, error);
}

/* One that can't be started keeps nobody from the others. */
static bool ensure_members(const struct group *group, const struct options *options,
                           struct error *error)
{
    bool any = false;
    for (size_t i = 0; i < group->count; i++) {
        const struct group_member *member = &group->items[i];
        struct error own = ERROR_INIT;
        bool up = ensure_member(member, options, &own);
        any = any || up;
        if (up)
            continue;
        error_wrap(&own, "starting the engine of %s",
                   member->environment ? member->environment : "the phases for all");
        tell_error(&own);
    }
    return any || error_set(error, ERROR_OTHER, "no engine of run %s could be started", group->run);
}

bool means_one_run(const char *directory, const struct options *options)
{
    return options->alone || run_environment(strrchr(directory, '/'));
}

bool ensure_engines(const char *directory, const struct options *options, struct error *error)
{
    struct group group;
    if (means_one_run(directory, options))
        return ensure_engine(directory, options, error);
    bool up = group_open(directory, &group, error) &&
              (group.count > 1 ? ensure_members(&group, options, error)
                               : ensure_engine(directory, options, error));
    group_free(&group);
    return up;
}

/* The run's name without "@all", which stands for its own directory; the caller frees. */
static char *bare_run(struct options *options)
{
    const char *environment = options->operand ? run_environment(options->operand) : NULL;
    options->alone = text_equal(environment, ENVIRONMENT_ALL);
    if (!options->operand || !options->alone)
        return options->operand ? xstrdup(options->operand) : NULL;
    return xstrndup(options->operand, (size_t)(environment - options->operand) - 1);
}

int with_run(const struct command *command, int argc, char **argv,
             int (*body)(const char *directory, const struct options *options))
{
    struct options options;
    struct error error = ERROR_INIT;
    char *directory = NULL;
    int status;
    if (!options_read(command, argc, argv, &options, &status))
        return status;
    char *run = bare_run(&options);
    if (run_directory_find(run, &directory, &error))
        status = body(directory, &options);
    else
        status = tell_error(&error);
    free(run);
    free(directory);
    options_free(&options);
    return status;
}
