/* price_dialog.c: what a rollback would lose, and the answers to that: save it, lose it, stay. */
#include "ui/dialog.h"

#include "base/json.h"
#include "ui/answer_lines.h"
#include "ui/commands.h"
#include "ui/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STAY_WORD "no"

/* The count that this dialog asked for is there. */
static bool counted(const struct view *view)
{
    const struct price_state *price = &view->state->price;
    return price->known && !run_state_price_pending(view->state) &&
           (long)price->taken_ms != view->dialog.subject;
}

static bool to_answer(const struct view *view)
{
    return counted(view) && !run_state_price_free(view->state);
}

/* What is under way can be given up uncounted; what was counted, by its number. */
static bool to_lose(const struct view *view)
{
    return to_answer(view) || run_state_price_pending(view->state);
}

static void price_title(const struct view *view, struct text *title)
{
    (void)view;
    text_add(title, "ROLL BACK");
}

/* What was counted of one table, in three columns behind its name. */
static void add_table(const cJSON *table, struct lines *lines, int name_columns)
{
    static const char *const kinds[] = {"inserted", "updated", "deleted"};
    const char *database = json_text(table, "database"), *schema = json_text(table, "schema");
    const char *name = json_text(table, "table");
    char *full =
        xprintf("%s %s.%s", database ? database : "", schema ? schema : "", name ? name : "");
    lines_begin(lines, -1);
    lines_add(lines, ROLE_TEXT, " ");
    lines_cell(lines, ROLE_TEXT, full, name_columns, FIT_LEFT);
    for (size_t i = 0; i < 3; i++) {
        char number[32];
        text_grouped(number, sizeof number, (long long)json_number_at(table, kinds[i]));
        lines_cell(lines, ROLE_TEXT, number, 10, FIT_RIGHT);
    }
    free(full);
}

static void add_tables(const struct view *view, struct lines *lines, int width)
{
    const cJSON *tables[PRICE_TABLES_MAX];
    size_t count = run_state_price_tables(view->state, tables, PRICE_TABLES_MAX);
    int columns = width - 32;
    if (!count)
        return;
    lines_begin(lines, -1);
    lines_add(lines, ROLE_STRONG, " ");
    lines_cell(lines, ROLE_STRONG, "database and table", columns, FIT_LEFT);
    lines_cell(lines, ROLE_STRONG, "inserted", 10, FIT_RIGHT);
    lines_cell(lines, ROLE_STRONG, "updated", 10, FIT_RIGHT);
    lines_cell(lines, ROLE_STRONG, "deleted", 10, FIT_RIGHT);
    for (size_t i = 0; i < count; i++)
        add_table(tables[i], lines, columns);
    if (view->state->price.tables <= (long long)count)
        return;
    lines_begin(lines, -1);
    lines_printf(lines, ROLE_TEXT, " and %lld more tables",
                 view->state->price.tables - (long long)count);
}

static void price_body(const struct view *view, struct lines *lines, int width)
{
    const struct price_state *price = &view->state->price;
    char rows[32];
    char *words = NULL;
    if (!counted(view)) {
        lines_wrap(
            lines, ROLE_TEXT,
            price->fencing || price->fenced
                ? "Writes on the new server are stopped; a last look tells whether it has "
                  "taken more than was answered. If so, they come through again, and you are "
                  "asked again."
                : "Counting what the new server has taken since the switchover. If that is "
                  "nothing, the rollback begins at once.",
            1, width);
        return;
    }
    if (price->unknown)
        words = xprintf("What the new server has taken since the switchover can't be counted: %s",
                        price->unknown);
    else
        words = xprintf("Rolling back LOSES %s rows that the new server has taken since the "
                        "switchover.",
                        text_grouped(rows, sizeof rows, price->rows));
    lines_wrap(lines, ROLE_BAD, words, 1, width);
    free(words);
    if (!price->unknown)
        add_tables(view, lines, width);
}

static const char *refuse_answer(const struct view *view)
{
    const char *why = refuse_deciding(view);
    if (why)
        return why;
    return !to_answer(view)    ? "it is being counted"
           : view->dialog.sent ? "the answer is sent"
                               : NULL;
}

static const char *refuse_lose(const struct view *view)
{
    const char *why = refuse_deciding(view);
    if (why)
        return why;
    return !to_lose(view) ? "it is being counted" : view->dialog.sent ? "the answer is sent" : NULL;
}

static const char *refuse_save(const struct view *view)
{
    long index = run_state_price_step(view->state);
    const char *why = refuse_answer(view);
    if (why)
        return why;
    return index >= 0 && view->state->steps[index].has_save
               ? NULL
               : "this runbook has no way to save those rows";
}

static void price_foot(const struct view *view, struct lines *lines, int width)
{
    char phrase[PRICE_PHRASE_MAX];
    if (answer_no_right(view, lines, width))
        return;
    lines_begin(lines, -1);
    if (!refuse_save(view))
        answer_key(lines, "s", "save these rows first and roll back", width);
    if (to_answer(view))
        answer_key(lines, "r", "count again", width);
    answer_key(lines, "n Esc", "don't roll back", width);
    if (to_lose(view))
        answer_field(
            view, lines, run_state_price_phrase(view->state, phrase, sizeof phrase),
            counted(view) ? "To roll back without them" : "To roll back at once, uncounted", width);
    answer_said(view, lines, width);
}

static bool price_stands(const struct view *view)
{
    return view->control && run_state_price_step(view->state) >= 0 &&
           view->state->status != RUN_ROLLING_BACK;
}

static bool price_types(const struct view *view)
{
    return to_lose(view) && !refuse_deciding(view);
}

static enum reaction after_sending(struct view *view, bool done, const struct error *error)
{
    view->dialog.sent = done;
    if (!done)
        view_say_error(view, error);
    return REACTION_REDRAW;
}

static enum reaction save(struct view *view, const struct key_row *row)
{
    (void)row;
    struct error error = ERROR_INIT;
    return after_sending(view,
                         control_rollback_saving(view->control, ROLLBACK_REASON,
                                                 view->state->price.taken_ms, &error),
                         &error);
}

static enum reaction stay(struct view *view, const struct key_row *row)
{
    (void)row;
    dialog_close(view);
    return REACTION_REDRAW;
}

static enum reaction count_again(struct view *view, const struct key_row *row)
{
    return command_rollback(view, row);
}

static enum reaction submit(struct view *view, const struct key_row *row)
{
    struct dialog *dialog = &view->dialog;
    char phrase[PRICE_PHRASE_MAX];
    struct error error = ERROR_INIT;
    run_state_price_phrase(view->state, phrase, sizeof phrase);
    if (text_equal(dialog->field, STAY_WORD))
        return stay(view, row);
    if (text_equal(dialog->field, phrase) || text_equal(dialog->field, PRICE_UNKNOWN_PHRASE))
        return after_sending(view,
                             control_rollback_losing(view->control, ROLLBACK_REASON,
                                                     view->state->price.taken_ms, dialog->field,
                                                     &error),
                             &error);
    snprintf(dialog->said, sizeof dialog->said, "That isn't \"%s\"; nothing was sent", phrase);
    return REACTION_REDRAW;
}

const struct key_row price_keys[] = {
    {'s', 0, "s", "save and roll back", "save what would be lost first, then roll back", save,
     refuse_save, 0, false},
    {'r', 0, "r", "count again", "count anew what would be lost", count_again, refuse_answer, 0,
     false},
    {KEY_RETURN, 0, "Enter", NULL, "roll back without them, once their number is typed", submit,
     refuse_lose, 0, false},
    {'n', KEY_ESCAPE, "n Esc", "don't roll back", "don't roll back", stay, NULL, 0, true},
    {0, 0, NULL, NULL, NULL, NULL, NULL, 0, false},
};

const struct dialog_operations price_dialog = {
    .width = 90,
    .role = ROLE_WARN,
    .guarded = true,
    .title = price_title,
    .body = price_body,
    .foot = price_foot,
    .stands = price_stands,
    .types = price_types,
    .keys = price_keys,
};
