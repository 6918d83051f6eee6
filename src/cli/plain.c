/* plain.c: following a run line by line. */
#include "cli/plain_parts.h"

#include "base/clock.h"
#include "base/file.h"
#include "cli/options.h"
#include "cli/plain_lines.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define LONG_WAIT_MS 60000

int exit_status_of(const struct run_state *state)
{
    static const int statuses[] = {
        [RUN_RUNNING] = EXIT_WAITS,      [RUN_AT_GATE] = EXIT_WAITS,
        [RUN_DECLINED] = EXIT_WAITS,     [RUN_STEP_FAILED] = EXIT_FAILED,
        [RUN_PAUSED] = EXIT_WAITS,       [RUN_RELEASING] = EXIT_WAITS,
        [RUN_ROLLING_BACK] = EXIT_WAITS, [RUN_ROLLBACK_FAILED] = EXIT_FAILED,
        [RUN_COMPLETE] = EXIT_COMPLETE,  [RUN_ROLLED_BACK] = EXIT_ROLLED_BACK,
        [RUN_WAITING] = EXIT_WAITS,      [RUN_LEFT_OUT] = EXIT_ROLLED_BACK,
    };
    return statuses[state->status];
}

void plain_leave(struct plain *plain)
{
    plain->done = true;
    plain->status = exit_status_of(plain->state);
}

void plain_leave_waiting(struct plain *plain, const char *why)
{
    printf("%s\n", why);
    printf("  go on:     pgrunbook attach %s\n  roll back: pgrunbook rollback %s\n",
           plain->state->run, plain->state->run);
    plain_leave(plain);
}

/* The name under which --confirm meant this gate, when it hasn't been used yet. */
static const char *confirmation_for(struct plain *plain, const char *path)
{
    const char *id = strrchr(path, '/') + 1;
    for (size_t i = 0; plain->options->confirm && i < plain->options->confirm->count; i++) {
        const char *name = plain->options->confirm->items[i];
        if ((!strcmp(name, path) || !strcmp(name, id)) && !text_list_has(&plain->confirmed, name))
            return name;
    }
    return NULL;
}

void plain_check_sent(struct plain *plain, bool sent)
{
    plain->sent++;
    if (sent)
        return;
    tell_error(&plain->error);
    plain->done = true;
    plain->status = EXIT_OTHER;
}

void plain_ask(struct plain *plain)
{
    printf("> ");
    fflush(stdout);
    if (isatty(0)) /* what was typed before the question doesn't answer it */
        tcflush(0, TCIFLUSH);
    plain->prompted = true;
}

/* What the gate offers instead of a loss. */
static void print_offer(const struct run_state *state)
{
    long index = run_state_step(state, state->gate.offer);
    if (index >= 0)
        printf("offer: carry out %s again (%s)\n", state->steps[index].path,
               state->steps[index].title);
}

void plain_prompt_gate(struct plain *plain)
{
    const struct gate_state *gate = &plain->state->gate;
    if (gate->blocked)
        printf("The gate can't be confirmed. n: decline, r: gather the evidence again, b: roll "
               "back\n");
    else if (gate->typed)
        printf("Type \"%s\" to confirm (n: decline, r: gather the evidence again, b: roll back)\n",
               gate->phrase);
    else
        printf("y: confirm, n: decline, r: gather the evidence again, b: roll back\n");
    print_offer(plain->state);
    plain_ask(plain);
}

static void at_gate(struct plain *plain)
{
    const struct gate_state *gate = &plain->state->gate;
    if (plain->asked_opening == gate->opening)
        return;
    plain->asked_opening = gate->opening;
    plain_print_gate(plain->state);
    const char *name = confirmation_for(plain, gate->step);
    if (name) {
        printf("confirmed by --confirm %s\n", name);
        text_list_add(&plain->confirmed, name);
        plain_check_sent(
            plain, control_confirm_named(plain->control, gate->step, gate->opening, &plain->error));
    } else if (plain->input_ended || plain->options->confirm || plain->options->watch) {
        plain_leave_waiting(plain, "It waits at this gate.");
    } else {
        plain_prompt_gate(plain);
    }
}

static void stands_still(struct plain *plain, const char *why)
{
    if (plain->options->retry && !plain->retried) {
        plain->retried = true;
        plain_check_sent(plain, control_retry(plain->control, &plain->error));
    } else {
        plain_leave_waiting(plain, why);
    }
}

/* A wait of hours is nothing to hold a terminal or a script for: the engine goes on by itself. */
static bool waits_long(const struct run_state *state)
{
    const struct step_state *step = state->current >= 0 ? &state->steps[state->current] : NULL;
    return step && step->status == STEP_RUNNING && !strcmp(step->action, "wait") &&
           (step->progress_total - step->progress_done) * 1000 > LONG_WAIT_MS;
}

/* What looks like standing still, but isn't: the engine lets go of what is held, or counts what the
 * rollback that follows would lose, or stops writes for it. */
static bool engine_goes_on(const struct run_state *state)
{
    bool stopped = state->status == RUN_STEP_FAILED || state->status == RUN_DECLINED;
    return stopped && (run_state_holds(state) || run_state_price_pending(state));
}

static void react(struct plain *plain)
{
    const struct run_state *state = plain->state;
    if (plain->options->rollback && !plain->rollback && !run_state_finished(state)) {
        plain_roll_back(plain, plain->options->rollback);
        return;
    }
    if (plain_rollback_goes_on(plain) || engine_goes_on(state))
        return;
    if (run_state_finished(state))
        plain_leave(plain);
    else if (state->status == RUN_AT_GATE)
        at_gate(plain);
    else if (state->status == RUN_STEP_FAILED)
        stands_still(plain, "A step failed; the run waits.");
    else if (state->status == RUN_ROLLBACK_FAILED)
        stands_still(plain,
                     state->again_ms
                         ? "An undo failed; the engine tries it again by itself until it succeeds."
                         : "The rollback failed; the run waits. Roll back again to go on with it.");
    else if (state->status == RUN_DECLINED)
        stands_still(plain, "The gate was declined; the run waits.");
    else if (state->status == RUN_PAUSED)
        plain_leave_waiting(plain, "The run is paused.");
    else if (waits_long(state))
        plain_leave_waiting(plain,
                            "The run waits; its engine goes on by itself when the time has come.");
}

static void on_reply(struct plain *plain, const cJSON *event)
{
    const char *message = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(event, "message"));
    const char *remedy = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(event, "remedy"));
    plain->replies++;
    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(event, "ok")))
        return;
    plain->rollback = NULL;
    printf("refused: %s\n", message ? message : "");
    if (remedy && *remedy)
        printf("  What to do: %s\n", remedy);
    if (plain->state->status == RUN_AT_GATE && !plain->input_ended && !plain->options->confirm)
        plain_prompt_gate(plain);
    else
        plain_leave(plain);
}

/* Only what stood still when this command came is retried; what fails after that is looked at. */
static bool stood_still(const struct run_state *state)
{
    return state->status == RUN_STEP_FAILED || state->status == RUN_DECLINED ||
           state->status == RUN_ROLLBACK_FAILED;
}

static void on_event(void *context, const cJSON *event)
{
    struct plain *plain = context;
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(event, "type"));
    struct error error = ERROR_INIT;
    if (plain->done || !type)
        return;
    if (!strcmp(type, "caught_up")) {
        plain->caught_up = true;
        plain->retried = !stood_still(plain->state);
        react(plain);
    } else if (!strcmp(type, "reply")) {
        on_reply(plain, event);
    } else if (run_state_apply(plain->state, event, &error)) {
        plain_print_event(plain->state, event);
        if (plain->caught_up && !strcmp(type, "settled"))
            react(plain);
    } else {
        fprintf(stderr, "pgrunbook: %s\n", error.message);
    }
}

static void answer_gate(struct plain *plain, const char *line)
{
    const struct gate_state *gate = &plain->state->gate;
    struct error *error = &plain->error;
    if (!strcmp(line, "n") || !strcmp(line, "no"))
        plain_check_sent(plain, control_decline(plain->control, gate->step, gate->opening, error));
    else if (!strcmp(line, "r"))
        plain_check_sent(plain, control_retry(plain->control, error));
    else if (!strcmp(line, "b"))
        plain_roll_back(plain, "answered at a gate");
    else if (gate->offer && !strcmp(line, "offer"))
        plain_check_sent(plain, control_offer(plain->control, gate->step, gate->opening, error));
    else if (gate->typed ? *line != '\0' : !strcmp(line, "y") || !strcmp(line, "yes"))
        plain_check_sent(plain, control_confirm(plain->control, gate->step, gate->opening,
                                                gate->typed ? line : NULL, error));
    else
        plain_prompt_gate(plain);
}

/* Lines that came before the question was shown don't answer it. */
static void take_lines(struct plain *plain)
{
    const char *end;
    while (plain->prompted && plain->input.length &&
           (end = memchr(plain->input.bytes, '\n', plain->input.length))) {
        size_t length = (size_t)(end - plain->input.bytes);
        char *line = xstrndup(plain->input.bytes, length);
        text_consume(&plain->input, length + 1);
        plain->prompted = false;
        if (plain->asks_price)
            plain_answer_price(plain, line);
        else if (plain->state->status == RUN_AT_GATE)
            answer_gate(plain, line);
        free(line);
    }
}

static void read_input(struct plain *plain)
{
    char buffer[4096];
    ssize_t got = read(0, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR)
        return;
    if (got > 0 && plain->input.length < 65536)
        text_append(&plain->input, buffer, (size_t)got);
    plain->input_ended = got <= 0;
    take_lines(plain);
    if (!plain->input_ended || plain->done || !plain->prompted)
        return;
    if (plain->asks_price)
        plain_leave_price(plain);
    else
        plain_leave_waiting(plain, "\nEnd of input: the gate stays closed.");
}

static void engine_gone(struct plain *plain)
{
    if (run_state_finished(plain->state)) {
        plain_leave(plain);
        return;
    }
    plain->error.kind = ERROR_OTHER;
    error_set(&plain->error, ERROR_OTHER, "the engine of run %s has ended",
              plain->state->run ? plain->state->run : "?");
    error_remedy(&plain->error,
                 "pgrunbook attach %s starts it again where the run stands; "
                 "%s/logs/engine.log may say why",
                 plain->state->run ? plain->state->run : "", plain->directory);
    plain->done = true;
    plain->status = tell_error(&plain->error);
}

/* Standard input is read only while a question is open, so that a script's later answers stay in
 * the pipe until their gate asks. */
static void turn(struct plain *plain)
{
    bool reading = plain->prompted && !plain->input_ended;
    struct pollfd polls[2] = {{.fd = control_descriptor(plain->control), .events = POLLIN},
                              {.fd = reading ? 0 : -1, .events = POLLIN}};
    take_lines(plain);
    if (plain->done || (poll(polls, 2, -1) < 0 && errno == EINTR))
        return;
    struct error ignored = ERROR_INIT; /* its end is told in this program's words */
    if (polls[1].revents)
        read_input(plain);
    if (polls[0].revents && !plain->done &&
        !control_read(plain->control, on_event, plain, &ignored) && !plain->done)
        engine_gone(plain);
    fflush(stdout);
}

int plain_follow(const char *directory, const struct plain_options *options)
{
    struct plain plain = {
        .directory = directory, .options = options, .state = run_state_new(), .sent = 1};
    plain.control = control_open(directory, options->watch, &plain.error);
    if (!plain.control)
        plain.status = tell_error(&plain.error);
    while (plain.control && !plain.done)
        turn(&plain);
    if (plain.control && plain.state->run)
        plain_print_end(plain.state);
    control_close(plain.control);
    run_state_free(plain.state);
    text_list_free(&plain.confirmed);
    text_free(&plain.input);
    return plain.status;
}
