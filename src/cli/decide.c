/* decide.c: `pgrunbook pause`, `resume`, `first` and `skip`: one command to a run's engine. */
#include "cli/options.h"
#include "cli/standings.h"

#include "base/json.h"
#include "engine/control.h"
#include "engine/directory.h"
#include "engine/group.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct answer {
    int replies; /* the first one answers attaching */
    bool sent, ok, chosen;
    char *phase; /* that it waits before, the last one that was said; or the one of --phase */
    struct error error;
};

typedef bool sender(struct control *control, const struct answer *answer, struct error *error);

static void on_event(void *context, const cJSON *event)
{
    struct answer *answer = context;
    const char *type = json_text(event, "type");
    if (text_equal(type, "turn_awaited") && !answer->sent && !answer->chosen) {
        free(answer->phase);
        answer->phase = xstrdup(json_text(event, "phase"));
    }
    if (!text_equal(type, "reply"))
        return;
    const char *message = json_text(event, "message"), *remedy = json_text(event, "remedy");
    answer->replies++;
    answer->ok = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(event, "ok"));
    if (answer->ok)
        return;
    error_set(&answer->error, ERROR_OTHER, "%s", message ? message : "refused");
    if (remedy && *remedy)
        error_remedy(&answer->error, "%s", remedy);
}

static bool converse(struct control *control, sender *send, struct answer *answer)
{
    while (answer->replies < 2) {
        struct pollfd readable = {.fd = control_descriptor(control), .events = POLLIN};
        bool good =
            poll(&readable, 1, -1) >= 0 && control_read(control, on_event, answer, &answer->error);
        if (!good && answer->replies < 2)
            return error_remedy(&answer->error,
                                "say it again: that starts the engine where the run stands");
        if (answer->replies && !answer->sent && !send(control, answer, &answer->error))
            return false;
        answer->sent = answer->replies > 0;
    }
    return answer->ok;
}

static bool is_one_run(const char *directory, const struct options *options, struct error *error)
{
    struct group group;
    if (means_one_run(directory, options))
        return true;
    if (!group_open(directory, &group, error))
        return false;
    bool one = group.count == 1;
    if (!one) {
        error_set(error, ERROR_USAGE, "run %s has several environments", group.run);
        error_remedy(error, "say which one is meant, such as %s@%s%s", group.run,
                     group.items[1].environment,
                     has_phases_for_all(&group) ? "; @all is the phases for all" : "");
    }
    group_free(&group);
    return one;
}

static bool send_pause(struct control *control, const struct answer *answer, struct error *error)
{
    (void)answer;
    return control_pause(control, true, error);
}

static bool send_resume(struct control *control, const struct answer *answer, struct error *error)
{
    (void)answer;
    return control_pause(control, false, error);
}

static bool send_first(struct control *control, const struct answer *answer, struct error *error)
{
    return control_go_first(control, answer->phase, error);
}

static bool send_skip(struct control *control, const struct answer *answer, struct error *error)
{
    (void)answer;
    return control_leave_out(control, error);
}

static const struct {
    const struct command *command;
    sender *send;
} decisions[] = {
    {&pause_command, send_pause},
    {&resume_command, send_resume},
    {&first_command, send_first},
    {&skip_command, send_skip},
};

static sender *decision_of(const struct command *command)
{
    size_t i = 0;
    while (decisions[i].command != command)
        i++;
    return decisions[i].send;
}

static int decide(const char *directory, const struct options *options)
{
    struct answer answer = {.error = ERROR_INIT,
                            .chosen = options->phase != NULL,
                            .phase = options->phase ? xstrdup(options->phase) : NULL};
    struct control *control = NULL;
    bool done = is_one_run(directory, options, &answer.error) &&
                ensure_engine(directory, options, &answer.error) &&
                (control = control_open(directory, false, &answer.error)) &&
                converse(control, decision_of(options->command), &answer);
    control_close(control);
    if (done && options->command == &first_command)
        printf("it begins %s now, and waits again before the phase behind it\n", answer.phase);
    free(answer.phase);
    if (!done)
        return tell_error(&answer.error);
    printf("done; pgrunbook status %s says where it stands\n",
           options->operand ? options->operand : strrchr(directory, '/') + 1);
    return 0;
}

static int run(const struct command *command, int argc, char **argv)
{
    return with_run(command, argc, argv, decide);
}

static const struct command_option decide_options[] = {VARS_OF_RUN_OPTION, {NULL, NULL, NULL}};

static const struct command_option first_options[] = {
    {"phase", "PHASE", "only if it is this phase that it waits before"},
    VARS_OF_RUN_OPTION,
    {NULL, NULL, NULL},
};

const struct command pause_command = {
    .name = "pause",
    .decides = true,
    .operands = "[RUN]",
    .help = "let a run stand still before its next step",
    .about = "Of several environments one, RUN@ENVIRONMENT, or RUN@all for the phases for all. The "
             "others\ngo on: an environment that is paused holds nobody up.",
    .options = decide_options,
    .run = run,
};

const struct command resume_command = {
    .name = "resume",
    .decides = true,
    .operands = "[RUN]",
    .help = "let a paused run go on",
    .about = "Of several environments one, RUN@ENVIRONMENT, or RUN@all for the phases for all.",
    .options = decide_options,
    .run = run,
};

const struct command first_command = {
    .name = "first",
    .decides = true,
    .operands = "RUN@ENVIRONMENT",
    .help = "let an environment begin its phase before those that it waits for",
    .about =
        "It is for the one phase that it waits before; at the next one it waits again. It is on "
        "record.\nWhat the runbook requires of other environments holds all the same.",
    .options = first_options,
    .run = run,
};

const struct command skip_command = {
    .name = "skip",
    .decides = true,
    .operands = "RUN@ENVIRONMENT",
    .help = "leave an environment out that hasn't begun",
    .about = "The others no longer wait for it. One that requires it never begins.",
    .options = decide_options,
    .run = run,
};
