/* plain.c: following a run line by line. */
#include "cli/plain_parts.h"

#include "base/clock.h"
#include "base/file.h"
#include "cli/options.h"
#include "cli/plain_lines.h"

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
    fprintf(plain->output, "%s\n", why);
    fprintf(plain->output, "  go on:     pgrunbook attach %s\n  roll back: pgrunbook rollback %s\n",
            plain->state->run, plain->state->run);
    plain_leave(plain);
}

/* Of several environments each is named; alone, its name may be left out. */
static bool means_gate(const struct plain *plain, const char *name, const char *path)
{
    const char *environment = plain->state->environment, *colon = strchr(name, ':');
    const char *gate = colon ? colon + 1 : name;
    size_t length = colon ? (size_t)(colon - name) : 0;
    bool ours =
        colon ? environment && strlen(environment) == length && !strncmp(environment, name, length)
              : !environment || !plain->several;
    return ours && (!strcmp(gate, path) || !strcmp(gate, strrchr(path, '/') + 1));
}

/* The name under which --confirm meant this gate, when it hasn't been used yet. */
static const char *confirmation_for(const struct plain *plain, const char *path)
{
    for (size_t i = 0; plain->options->confirm && i < plain->options->confirm->count; i++) {
        const char *name = plain->options->confirm->items[i];
        if (means_gate(plain, name, path) && !text_list_has(&plain->confirmed, name))
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
    fprintf(plain->output, "> ");
    fflush(plain->output);
    if (isatty(0)) /* what was typed before the question doesn't answer it */
        tcflush(0, TCIFLUSH);
    plain->input->asking = plain;
}

bool plain_others_ask(struct plain *plain)
{
    plain->deferred = plain->input->asking && plain->input->asking != plain;
    return plain->deferred;
}

/* What the gate offers instead of a loss. */
static void print_offer(const struct plain *plain)
{
    const struct run_state *state = plain->state;
    long index = run_state_step(state, state->gate.offer);
    if (index >= 0)
        fprintf(plain->output, "offer: carry out %s again (%s)\n", state->steps[index].path,
                state->steps[index].title);
}

void plain_prompt_gate(struct plain *plain)
{
    const struct gate_state *gate = &plain->state->gate;
    if (gate->blocked)
        fprintf(plain->output,
                "The gate can't be confirmed. n: decline, r: gather the evidence again, b: roll "
                "back\n");
    else if (gate->typed)
        fprintf(plain->output,
                "Type \"%s\" to confirm (n: decline, r: gather the evidence again, b: roll back)\n",
                gate->phrase);
    else
        fprintf(plain->output,
                "y: confirm, n: decline, r: gather the evidence again, b: roll back\n");
    print_offer(plain);
    plain_ask(plain);
}

static void at_gate(struct plain *plain)
{
    const struct gate_state *gate = &plain->state->gate;
    if (plain->asked_opening == gate->opening)
        return;
    const char *name = confirmation_for(plain, gate->step);
    if (!name && plain_others_ask(plain))
        return;
    plain->asked_opening = gate->opening;
    plain_print_gate(plain->output, plain->state);
    if (name) {
        fprintf(plain->output, "confirmed by --confirm %s\n", name);
        text_list_add(&plain->confirmed, name);
        plain_check_sent(
            plain, control_confirm_named(plain->control, gate->step, gate->opening, &plain->error));
    } else if (plain->input->ended || plain->options->confirm || plain->options->watch) {
        plain_leave_waiting(plain, "It waits at this gate.");
    } else {
        plain_prompt_gate(plain);
    }
}

/* Watchers have news at any time: a run stands still until the engine has taken the retry. */
static void stands_still(struct plain *plain, const char *why)
{
    if (plain->options->retry && !plain->retried) {
        plain->retried = true;
        plain_check_sent(plain, control_retry(plain->control, &plain->error));
        plain->retry_sent = plain->sent;
    } else if (plain->replies >= plain->retry_sent) {
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

void plain_react(struct plain *plain)
{
    const struct run_state *state = plain->state;
    plain->deferred = false;
    if (state->status == RUN_ROLLING_BACK)
        plain->asks_price = false;
    if (plain->input->asking == plain && !plain->asks_price && state->status != RUN_AT_GATE)
        plain->input->asking = NULL; /* somebody else has answered */
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
    else if (state->status == RUN_WAITING && !plain->several)
        plain_leave_waiting(plain, "It isn't its turn yet; its engine goes on by itself.");
    else if (waits_long(state))
        plain_leave_waiting(plain,
                            "The run waits; its engine goes on by itself when the time has come.");
}

/* The group's own run without phases for all: there is nothing to tell of. */
static bool is_empty(const struct plain *plain)
{
    return plain->several && !plain->state->environment && !plain->state->step_count;
}

static void on_reply(struct plain *plain, const cJSON *event)
{
    const char *message = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(event, "message"));
    const char *remedy = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(event, "remedy"));
    plain->replies++;
    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(event, "ok")))
        return;
    fprintf(plain->output, "refused: %s\n", message ? message : "");
    if (plain->rollback && plain->state->status == RUN_ROLLING_BACK) /* somebody else was first */
        return;
    plain->rollback = NULL;
    if (remedy && *remedy)
        fprintf(plain->output, "  What to do: %s\n", remedy);
    if (plain->state->status == RUN_AT_GATE && !plain->input->ended && !plain->options->confirm &&
        !plain->options->rollback)
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
        plain_react(plain);
    } else if (!strcmp(type, "reply")) {
        on_reply(plain, event);
    } else if (run_state_apply(plain->state, event, &error)) {
        if (!is_empty(plain))
            plain_print_event(plain->output, plain->state, event);
        if (plain->caught_up && !strcmp(type, "settled"))
            plain_react(plain);
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

void plain_take_line(struct plain *plain, const char *line)
{
    plain->input->asking = NULL;
    if (plain->asks_price)
        plain_answer_price(plain, line);
    else if (plain->state->status == RUN_AT_GATE)
        answer_gate(plain, line);
}

void plain_input_ended(struct plain *plain)
{
    plain->input->asking = NULL;
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

void plain_read(struct plain *plain)
{
    struct error ignored = ERROR_INIT; /* its end is told in this program's words */
    if (!control_read(plain->control, on_event, plain, &ignored) && !plain->done)
        engine_gone(plain);
    fflush(plain->output);
}

bool plain_open(struct plain *plain)
{
    plain->state = run_state_new();
    plain->sent = 1;
    plain->control = control_open(plain->directory, plain->options->watch, &plain->error);
    plain->done = !plain->control;
    if (plain->done)
        plain->status = tell_error(&plain->error);
    return !plain->done;
}

void plain_close(struct plain *plain)
{
    if (plain->control && plain->state->run && !is_empty(plain))
        plain_print_end(plain->output, plain->state);
    fflush(plain->output);
    control_close(plain->control);
    run_state_free(plain->state);
    text_list_free(&plain->confirmed);
}
