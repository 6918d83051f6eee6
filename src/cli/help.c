/* help.c: the list of commands, the manual page and the shell completion, all from the table. */
#include "cli/options.h"

#include <stdio.h>
#include <string.h>

static const struct command *find(const char *name)
{
    for (size_t i = 0; commands[i]; i++)
        if (!strcmp(commands[i]->name, name))
            return commands[i];
    return NULL;
}

static void print_list(void)
{
    printf(
        "pgrunbook takes an operator, gate by gate, through a PostgreSQL major-version upgrade in "
        "Docker.\n\n");
    for (size_t i = 0; commands[i]; i++)
        if (!commands[i]->hidden)
            printf("  pgrunbook %-9s %-15s %s\n", commands[i]->name,
                   commands[i]->operands ? commands[i]->operands : "", commands[i]->help);
    printf("\npgrunbook COMMAND --help says more; man pgrunbook says all.\n"
           "Start with: pgrunbook plan runbooks/pg15-to-pg17-warm.yaml\n");
}

static int run_help(const struct command *command, int argc, char **argv)
{
    (void)command;
    const struct command *wanted = argc > 1 ? find(argv[1]) : NULL;
    if (wanted)
        print_usage(wanted);
    else
        print_list();
    return 0;
}

static int run_completion(const struct command *command, int argc, char **argv)
{
    (void)command, (void)argc, (void)argv;
    printf(
        "# bash completion for pgrunbook\n_pgrunbook() {\n    local cur=${COMP_WORDS[COMP_CWORD]}\n"
        "    local runs=${XDG_STATE_HOME:-$HOME/.local/state}/pgrunbook/runs\n"
        "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        COMPREPLY=($(compgen -W \"");
    for (size_t i = 0; commands[i]; i++)
        if (!commands[i]->hidden)
            printf("%s ", commands[i]->name);
    printf("\" -- \"$cur\"))\n        return\n    fi\n    case ${COMP_WORDS[1]} in\n");
    for (size_t i = 0; commands[i]; i++) {
        const struct command *row = commands[i];
        bool takes_run =
            row->operands && (strstr(row->operands, "RUN]") || strstr(row->operands, "RUN@"));
        if (row->hidden)
            continue;
        printf("    %s) COMPREPLY=($(compgen -W \"", row->name);
        for (const struct command_option *o = row->options; o && o->name; o++)
            printf("--%s ", o->name);
        printf("--help%s\" -- \"$cur\")%s) ;;\n", takes_run ? " $(ls \"$runs\" 2>/dev/null)" : "",
               row->operands && !takes_run ? " $(compgen -f -- \"$cur\")" : "");
    }
    printf("    esac\n}\ncomplete -o filenames -F _pgrunbook pgrunbook\n");
    return 0;
}

/* In troff a line that begins with a dot or a quote is a request, and a backslash escapes. */
static void print_troff(const char *text)
{
    bool line_start = true;
    for (; *text; text++) {
        if (line_start && (*text == '.' || *text == '\''))
            printf("\\&");
        printf(*text == '\\' ? "\\e" : *text == '-' ? "\\-" : "%c", *text);
        line_start = *text == '\n';
    }
}

static void print_manual_command(const struct command *row)
{
    printf(".SS pgrunbook %s %s\n", row->name, row->operands ? row->operands : "");
    print_troff(row->help);
    printf(".\n");
    if (row->about) {
        printf(".PP\n");
        print_troff(row->about);
        printf("\n");
    }
    for (const struct command_option *o = row->options; o && o->name; o++) {
        printf(".TP\n.B \\-\\-%s %s\n", o->name, o->value ? o->value : "");
        print_troff(o->help);
        printf("\n");
    }
}

static int run_manual(const struct command *command, int argc, char **argv)
{
    (void)command, (void)argc, (void)argv;
    printf(
        ".TH PGRUNBOOK 1\n.SH NAME\npgrunbook \\- PostgreSQL major\\-version upgrades in Docker, "
        "gate by gate\n.SH SYNOPSIS\n.B pgrunbook\n.I COMMAND\n[\\fIOPTION\\fR]... "
        "[\\fIOPERAND\\fR]\n.SH DESCRIPTION\n"
        "A runbook is carried out step by step. Each gate shows its evidence and waits for the "
        "operator. R on the screen, or\n.B pgrunbook rollback\non the command line, takes the run "
        "back.\n.SH COMMANDS\n");
    for (size_t i = 0; commands[i]; i++)
        if (!commands[i]->hidden)
            print_manual_command(commands[i]);
    printf(
        ".SH FILES\n.TP\n.I $XDG_STATE_HOME/pgrunbook/runs/RUN/\njournal, evidence and logs of a "
        "run (0700); of one of several environments in RUN@ENVIRONMENT/.\n.SH ENVIRONMENT\n.TP\n.B "
        "POSTGRES_PASSWORD\nthe superuser's password, when "
        "the runbook asks the environment for it.\n.TP\n.B DOCKER_HOST, DOCKER_TLS_VERIFY, "
        "DOCKER_CERT_PATH\nwhere the Docker engine is.\n.TP\n.B NO_COLOR\nno colours.\n");
    return 0;
}

const struct command help_command = {.name = "help",
                                     .operands = "[COMMAND]",
                                     .help = "this list, or one command's options",
                                     .run = run_help};

const struct command completion_command = {.name = "completion",
                                           .help = "print the completion for bash",
                                           .hidden = true,
                                           .run = run_completion};

const struct command manual_command = {
    .name = "manual", .help = "print the manual page (troff)", .hidden = true, .run = run_manual};
