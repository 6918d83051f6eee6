/* gate_dialog.c: an open gate: its frozen evidence, its question, and the only keys that answer it.
 */
#include "ui/dialog.h"

#include "ui/answer_lines.h"
#include "ui/commands.h"
#include "ui/evidence_lines.h"
#include "ui/view.h"
#include "ui/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DECLINE_WORD "no"

static void gate_title(const struct view *view, struct text *title)
{
    const struct gate_state *gate = &view->state->gate;
    char at[32];
    const char *name = view_environment(view);
    text_printf(title, "GATE %s%s%s %s evidence of %s", name ? name : "", name ? ": " : "",
                gate->step ? gate->step : "", view->glyphs[GLYPH_DOT],
                words_clock(at, sizeof at, gate->opened_ms));
}

static void gate_body(const struct view *view, struct lines *lines, int width)
{
    const struct gate_state *gate = &view->state->gate;
    evidence_gate(gate, lines, width);
    if (!gate->evidence_count)
        lines_wrap(lines, ROLE_TEXT, "This gate asks for no evidence.", 1, width);
    if (!gate->diff || !*gate->diff)
        return;
    lines_blank(lines);
    lines_wrap(lines, ROLE_STRONG, "What will change in the file:", 1, width);
    evidence_diff(gate->diff, lines);
}

static void add_deadline(const struct view *view, struct lines *lines, int width)
{
    char left[48];
    int64_t rest = view->state->gate.deadline_ms - view->now_ms;
    if (!view->state->gate.deadline_ms)
        return;
    char *words = xprintf("Without an answer it means no, in %s.",
                          text_duration(left, sizeof left, rest > 0 ? (long)rest : 0));
    lines_wrap(lines, ROLE_WARN, words, 1, width);
    free(words);
}

static void add_loss(const struct view *view, struct lines *lines, int width)
{
    char number[32];
    long long loses = view->state->gate.loses;
    if (loses <= 0)
        return;
    char *words = xprintf("Going on LOSES %s rows or changes that the old server has taken since "
                          "the backup.",
                          text_grouped(number, sizeof number, loses));
    lines_wrap(lines, ROLE_BAD, words, 1, width);
    free(words);
}

static void add_question(const struct view *view, struct lines *lines, int width)
{
    const struct gate_state *gate = &view->state->gate;
    add_loss(view, lines, width);
    lines_wrap(lines, ROLE_STRONG, gate->question ? gate->question : "Go on?", 1, width);
    add_deadline(view, lines, width);
}

static void key_foot(const struct view *view, struct lines *lines, int width)
{
    bool blocked = view->state->gate.blocked;
    add_question(view, lines, width);
    if (blocked)
        lines_wrap(lines, ROLE_BAD,
                   "The evidence doesn't hold, so this gate can't be confirmed. r gathers it anew.",
                   1, width);
    answer_said(view, lines, width);
    if (answer_no_right(view, lines, width))
        return;
    lines_begin(lines, -1);
    if (!blocked)
        answer_key(lines, "y", "confirm", width);
    answer_key(lines, "n", "decline", width);
    if (blocked)
        answer_key(lines, "r", "gather again", width);
    answer_key(lines, "Esc", "look around, answer later", width);
}

/* What can be done instead of going on with a loss. */
static void add_offer(const struct view *view, struct lines *lines, int width)
{
    const struct run_state *state = view->state;
    long index = run_state_step(state, state->gate.offer);
    if (index < 0)
        return;
    char *words =
        xprintf(" carry out %s again: %s", state->steps[index].path, state->steps[index].title);
    lines_begin(lines, -1);
    lines_add(lines, ROLE_KEY, "   c");
    lines_wrap_on(lines, ROLE_TEXT, words, 4, width);
    free(words);
}

static void phrase_foot(const struct view *view, struct lines *lines, int width)
{
    const struct gate_state *gate = &view->state->gate;
    add_question(view, lines, width);
    if (answer_no_right(view, lines, width))
        return;
    add_offer(view, lines, width);
    lines_begin(lines, -1);
    answer_key(lines, DECLINE_WORD " Enter", "decline", width);
    answer_key(lines, "Esc", "look around, answer later", width);
    answer_key(lines, "Ctrl-R", "roll back", width);
    answer_field(view, lines, gate->phrase ? gate->phrase : "", "To confirm", width);
    answer_said(view, lines, width);
}

static bool gate_stands(const struct view *view)
{
    const struct gate_state *gate = &view->state->gate;
    return view->control && gate->step && gate->opening == view->dialog.subject;
}

static bool phrase_types(const struct view *view)
{
    return !refuse_deciding(view);
}

static enum reaction after_sending(struct view *view, bool done, const struct error *error)
{
    view->dialog.sent = done;
    if (!done)
        view_say_error(view, error);
    return REACTION_REDRAW;
}

static enum reaction confirm(struct view *view, const char *phrase)
{
    const struct gate_state *gate = &view->state->gate;
    struct error error = ERROR_INIT;
    return after_sending(
        view, control_confirm(view->control, gate->step, gate->opening, phrase, &error), &error);
}

static enum reaction decline(struct view *view, const struct key_row *row)
{
    (void)row;
    const struct gate_state *gate = &view->state->gate;
    struct error error = ERROR_INIT;
    return after_sending(view, control_decline(view->control, gate->step, gate->opening, &error),
                         &error);
}

static enum reaction take_offer(struct view *view, const struct key_row *row)
{
    (void)row;
    const struct gate_state *gate = &view->state->gate;
    struct error error = ERROR_INIT;
    return after_sending(view, control_offer(view->control, gate->step, gate->opening, &error),
                         &error);
}

static enum reaction confirm_key(struct view *view, const struct key_row *row)
{
    (void)row;
    return confirm(view, NULL);
}

static enum reaction not_an_answer(struct view *view, const struct key_row *row)
{
    (void)row;
    text_copy(view->dialog.said, sizeof view->dialog.said,
              view->state->gate.blocked ? "Enter is no answer: n declines, r gathers again"
                                        : "Enter is no answer: y confirms, n declines");
    return REACTION_REDRAW;
}

static enum reaction submit(struct view *view, const struct key_row *row)
{
    struct dialog *dialog = &view->dialog;
    const char *phrase = view->state->gate.phrase ? view->state->gate.phrase : "";
    if (!*dialog->field) {
        snprintf(dialog->said, sizeof dialog->said,
                 "Nothing is typed yet: \"%s\" confirms, \"" DECLINE_WORD "\" declines", phrase);
        return REACTION_REDRAW;
    }
    if (text_equal(dialog->field, phrase))
        return confirm(view, dialog->field);
    if (text_equal(dialog->field, DECLINE_WORD))
        return decline(view, row);
    snprintf(dialog->said, sizeof dialog->said, "That isn't \"%s\"; nothing was sent", phrase);
    return REACTION_REDRAW;
}

static enum reaction look_around(struct view *view, const struct key_row *row)
{
    (void)row;
    view->dismissed = view->state->gate.opening;
    dialog_close(view);
    return REACTION_REDRAW;
}

static const char *refuse_confirm(const struct view *view)
{
    const char *why = refuse_deciding(view);
    if (why || !view->state->gate.blocked)
        return why ? why : view->dialog.sent ? "the answer is sent" : NULL;
    return "the evidence doesn't hold; n declines, r gathers it anew";
}

static const char *refuse_answer(const struct view *view)
{
    const char *why = refuse_deciding(view);
    return why ? why : view->dialog.sent ? "the answer is sent" : NULL;
}

static const char *refuse_offer(const struct view *view)
{
    const char *why = refuse_answer(view);
    return why ? why : view->state->gate.offer ? NULL : "this gate offers nothing else";
}

const struct key_row gate_keys[] = {
    {'y', 0, "y", "confirm", "confirm", confirm_key, refuse_confirm, 0, false},
    {'n', 0, "n", "decline", "decline", decline, refuse_answer, 0, false},
    {KEY_RETURN, 0, "Enter", NULL, "never an answer", not_an_answer, refuse_answer, 0, false},
    {'r', 0, "r", "gather again", "gather the evidence anew", command_retry, refuse_retry, 0,
     false},
    {'R', KEY_CONTROL_R, "R", "roll back", "roll back at once", command_rollback, refuse_rollback,
     0, false},
    {'}', 0, "}", "environment", "the next environment; the gate stays open", command_environment,
     refuse_environment, 1, false},
    {'{', 0, "{", NULL, "the environment before", command_environment, refuse_environment, -1,
     false},
    {KEY_ESCAPE, 0, "Esc", "look around", "close the dialog; o or Enter on the step shows it again",
     look_around, NULL, 0, true},
    {'q', 0, "q", "leave", "leave the screen; the gate stays open", command_leave, NULL, 0, true},
    {0, 0, NULL, NULL, NULL, NULL, NULL, 0, false},
};

const struct key_row gate_phrase_keys[] = {
    {'c', 0, "c", "take the offer", "carry out again what the gate offers; while nothing is typed",
     take_offer, refuse_offer, 0, false},
    {KEY_RETURN, 0, "Enter", "answer", "answer with what was typed", submit, refuse_answer, 0,
     false},
    {KEY_CONTROL_R, 0, "Ctrl-R", "roll back", "roll back at once", command_rollback,
     refuse_rollback, 0, false},
    {KEY_ESCAPE, 0, "Esc", "look around", "close the dialog; o or Enter on the step shows it again",
     look_around, NULL, 0, true},
    {0, 0, NULL, NULL, NULL, NULL, NULL, 0, false},
};

static const struct dialog_operations key_dialog = {
    .width = 104,
    .role = ROLE_GATE,
    .guarded = true,
    .title = gate_title,
    .body = gate_body,
    .foot = key_foot,
    .stands = gate_stands,
    .keys = gate_keys,
};

static const struct dialog_operations phrase_dialog = {
    .width = 104,
    .role = ROLE_GATE,
    .guarded = true,
    .title = gate_title,
    .body = gate_body,
    .foot = phrase_foot,
    .stands = gate_stands,
    .types = phrase_types,
    .keys = gate_phrase_keys,
};

const struct dialog_operations *gate_dialog_for(const struct gate_state *gate)
{
    return gate->typed && !gate->blocked ? &phrase_dialog : &key_dialog;
}
