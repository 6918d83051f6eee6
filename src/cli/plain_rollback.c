/* plain_rollback.c: rolling back line by line: what it would lose is shown, and then saved, given
 * up by its number, or not rolled back at all. */
#include "cli/plain_parts.h"

#include "cli/plain_lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void lose(struct plain *plain, const char *phrase)
{
    plain_check_sent(plain,
                     control_rollback_losing(plain->control, plain->rollback,
                                             plain->state->price.taken_ms, phrase, &plain->error));
}

static bool gives_up_unknown(const struct plain *plain)
{
    return text_equal(plain->options->lose, "unknown");
}

/* An undo that loses nothing, whoever has begun it, isn't waited for: once, as it may have ended
 * before the engine hears of this. */
static bool give_up_undo(struct plain *plain)
{
    if (plain->gave_up || !gives_up_unknown(plain) || !run_state_may_give_up(plain->state))
        return false;
    plain->gave_up = true;
    lose(plain, PRICE_UNKNOWN_PHRASE);
    return true;
}

/* An undo that loses nothing has no price unless it fails; who doesn't want it tried says so. */
void plain_roll_back(struct plain *plain, const char *reason)
{
    plain->rollback = reason;
    plain->answered_ms = plain->state->price.taken_ms;
    if (give_up_undo(plain) || plain->state->status == RUN_ROLLING_BACK)
        return;
    if (gives_up_unknown(plain) && run_state_price_step(plain->state) < 0)
        lose(plain, PRICE_UNKNOWN_PHRASE);
    else
        plain_check_sent(plain, control_rollback(plain->control, reason, &plain->error));
}

static void save(struct plain *plain)
{
    plain_check_sent(plain, control_rollback_saving(plain->control, plain->rollback,
                                                    plain->state->price.taken_ms, &plain->error));
}

static void try_again(struct plain *plain)
{
    plain_check_sent(plain, control_retry(plain->control, &plain->error));
}

/* A decision is missing: like a gate that waits. */
static void refuse(struct plain *plain, const char *why)
{
    fprintf(plain->output, "%s\n", why);
    plain->done = true;
    plain->status = EXIT_WAITS;
}

static bool can_save(const struct run_state *state)
{
    long index = run_state_price_step(state);
    return index >= 0 && state->steps[index].has_save;
}

void plain_leave_price(struct plain *plain)
{
    refuse(plain, can_save(plain->state)
                      ? "Nothing is rolled back: --save saves these rows first, --lose N goes on "
                        "without them."
                      : "Nothing is rolled back: --lose N goes on without these rows.");
}

static void ask_price(struct plain *plain)
{
    char phrase[PRICE_PHRASE_MAX];
    fprintf(plain->output, "%s%sType \"%s\" to roll back without them. n: don't roll back.\n",
            run_state_may_try_back(plain->state) ? "r: try once more to bring them back. " : "",
            can_save(plain->state) ? "s: save these rows first and roll back. " : "",
            run_state_price_phrase(plain->state, phrase, sizeof phrase));
    plain->asks_price = true;
    plain_ask(plain);
}

static bool gives_up(const char *typed, const char *phrase)
{
    return text_equal(typed, phrase) || text_equal(typed, PRICE_UNKNOWN_PHRASE);
}

static void answer_by_options(struct plain *plain)
{
    const struct plain_options *options = plain->options;
    char phrase[PRICE_PHRASE_MAX];
    char *typed = options->lose ? xprintf("lose %s", options->lose) : NULL;
    run_state_price_phrase(plain->state, phrase, sizeof phrase);
    bool saves = options->save && !plain->answered;
    bool loses = !options->save && gives_up(typed, phrase);
    plain->answered = plain->answered || saves || loses;
    bool retries = options->retry && !plain->retried && run_state_may_try_back(plain->state);
    plain->retried = plain->retried || retries;
    if (retries)
        try_again(plain);
    else if (saves)
        save(plain);
    else if (options->save)
        refuse(plain, "It couldn't be saved. Nothing is rolled back.");
    else if (loses)
        lose(plain, typed);
    else if (typed)
        refuse(plain,
               "--lose names another number of rows than the rollback would lose. Nothing is "
               "rolled back.");
    else if (plain->input->ended)
        plain_leave_price(plain);
    else
        ask_price(plain);
    free(typed);
}

/* An emergency waits for no count. */
static void lose_uncounted(struct plain *plain)
{
    if (plain->answered || plain->sent > plain->replies || !gives_up_unknown(plain))
        return;
    plain->answered = true;
    lose(plain, PRICE_UNKNOWN_PHRASE);
}

bool plain_rollback_goes_on(struct plain *plain)
{
    const struct run_state *state = plain->state;
    const struct price_state *price = &state->price;
    if (!plain->rollback || run_state_finished(state))
        return false;
    if (state->price.counting)
        lose_uncounted(plain);
    if (give_up_undo(plain) || plain->sent > plain->replies || run_state_price_pending(state))
        return true;
    if (state->status == RUN_ROLLING_BACK || run_state_price_step(state) < 0)
        return state->status != RUN_ROLLBACK_FAILED;
    if (!price->known || price->taken_ms == plain->answered_ms)
        return plain->asks_price || state->status != RUN_ROLLBACK_FAILED || price->fenced;
    if (plain_others_ask(plain))
        return true;
    plain->answered_ms = price->taken_ms;
    if (run_state_price_free(state)) /* the engine has begun already, or is about to */
        return true;
    plain_print_price(plain->output, state);
    answer_by_options(plain);
    return true;
}

void plain_answer_price(struct plain *plain, const char *line)
{
    char phrase[PRICE_PHRASE_MAX];
    run_state_price_phrase(plain->state, phrase, sizeof phrase);
    plain->asks_price = false;
    if (!strcmp(line, "s") && can_save(plain->state)) {
        save(plain);
    } else if (!strcmp(line, "r") && run_state_may_try_back(plain->state)) {
        try_again(plain);
    } else if (gives_up(line, phrase)) {
        lose(plain, line);
    } else if (strcmp(line, "n") != 0 && strcmp(line, "no") != 0) {
        ask_price(plain);
    } else if (plain->options->rollback || plain->state->status != RUN_AT_GATE) {
        refuse(plain, "Nothing is rolled back.");
    } else {
        plain->rollback = NULL;
        plain_prompt_gate(plain);
    }
}
