/* banner.c: what the operator has to know now: a failed step, a gate that waits, a pause, the end.
 */
#include "ui/frame.h"

#include "ui/words.h"

#include <stdlib.h>
#include <string.h>

static const struct step_state *current_step(const struct view *view)
{
    const struct run_state *state = view->state;
    return state->current >= 0 ? &state->steps[state->current] : NULL;
}

/* A rule with words in it. */
static void add_heading(const struct view *view, struct lines *lines, enum role role,
                        const char *words, int width)
{
    const char *rule = view->glyphs[GLYPH_RULE];
    lines_begin(lines, -1);
    lines_printf(lines, role, "%s%s ", rule, rule);
    lines_cell(lines, role, words,
               fit_width(words, strlen(words)) < width - 6 ? fit_width(words, strlen(words))
                                                           : width - 6,
               FIT_LEFT);
    lines_add(lines, role, " ");
    lines_fill(lines, role, width, rule);
}

static void add_remedy(struct lines *lines, const char *remedy, int width)
{
    if (!remedy || !*remedy)
        return;
    lines_begin(lines, -1);
    lines_add(lines, ROLE_STRONG, " What to do: ");
    lines_wrap_on(lines, ROLE_TEXT, remedy, 13, width - 1);
}

/* The keys of `names` that act now, each with its help's first words. */
static void add_keys(const struct view *view, struct lines *lines, const char *names)
{
    lines_begin(lines, -1);
    for (const char *name = names; *name; name++) {
        const struct key_row *row = keymap_find(keymap_main, *name);
        if (!row || (row->refuse && row->refuse(view)))
            continue;
        lines_printf(lines, ROLE_KEY, " %s", row->name);
        lines_printf(lines, ROLE_TEXT, " %s  ", row->hint);
    }
}

static void add_failed_step(const struct view *view, struct lines *lines, const char *what,
                            const char *keys, int width)
{
    const struct step_state *step = current_step(view);
    if (!step)
        return;
    char *heading = xprintf("%s %s: %s", what, step->path, step->title);
    add_heading(view, lines, ROLE_BAD, heading, width);
    free(heading);
    lines_wrap(lines, ROLE_TEXT,
               step->message && *step->message ? step->message : "no reason given", 1, width - 1);
    add_remedy(lines, step->remedy, width);
    add_keys(view, lines, keys);
}

static void failed(const struct view *view, struct lines *lines, int width)
{
    const struct step_state *step = current_step(view);
    bool interrupted = step && step->status == STEP_INTERRUPTED;
    add_failed_step(view, lines, interrupted ? "INTERRUPTED" : "FAILED", "rsR", width);
}

static void rollback_failed(const struct view *view, struct lines *lines, int width)
{
    bool letting_go = view->state->release.step;
    int64_t left_ms = view->state->again_ms - view->now_ms;
    char left[32];
    add_failed_step(view, lines, letting_go ? "LETTING GO FAILED AT" : "ROLLBACK FAILED AT", "rR",
                    width);
    if (!view->state->again_ms)
        return;
    char *words = xprintf("%sIt is tried again by itself in %s.",
                          run_state_holds(view->state) ? "WRITES ARE STILL STOPPED. " : "",
                          text_duration(left, sizeof left, left_ms > 0 ? (long)left_ms : 0));
    lines_wrap(lines, ROLE_BAD, words, 1, width - 1);
    free(words);
}

static void gate_waits(const struct view *view, struct lines *lines, int width)
{
    const struct gate_state *gate = &view->state->gate;
    if (view->dialog.operations || !gate->step)
        return;
    char *heading = xprintf("GATE %s", gate->step);
    add_heading(view, lines, ROLE_GATE, heading, width);
    free(heading);
    lines_wrap(lines, ROLE_STRONG, gate->question ? gate->question : "", 1, width - 1);
    add_keys(view, lines, "orR");
}

static void declined(const struct view *view, struct lines *lines, int width)
{
    const struct step_state *step = current_step(view);
    if (!step)
        return;
    char *heading = xprintf("DECLINED %s", step->path);
    add_heading(view, lines, ROLE_GATE, heading, width);
    free(heading);
    lines_wrap(lines, ROLE_TEXT, "The run stands still before this step.", 1, width - 1);
    add_remedy(lines, step->remedy, width);
    add_keys(view, lines, "rR");
}

static void paused(const struct view *view, struct lines *lines, int width)
{
    add_heading(view, lines, ROLE_GATE, "PAUSED", width);
    lines_begin(lines, -1);
    lines_add(lines, ROLE_KEY, " p");
    lines_add(lines, ROLE_TEXT, " go on with the next step  ");
    lines_add(lines, ROLE_KEY, " R");
    lines_add(lines, ROLE_TEXT, " roll back");
}

static void waiting(const struct view *view, struct lines *lines, int width)
{
    const struct turn_state *turn = &view->state->turn;
    int64_t left_ms = turn->until_ms - view->now_ms;
    char left[32];
    char *heading = xprintf("WAITING before %s", turn->phase ? turn->phase : "");
    add_heading(view, lines, ROLE_GATE, heading, width);
    free(heading);
    char *words = xprintf("It %s.%s%s", turn->message ? turn->message : "waits",
                          left_ms > 0 ? " Another " : "",
                          left_ms > 0 ? text_duration(left, sizeof left, (long)left_ms) : "");
    lines_wrap(lines, ROLE_TEXT, words, 1, width - 1);
    free(words);
    add_keys(view, lines, "FXpR}");
}

static void left_out(const struct view *view, struct lines *lines, int width)
{
    add_heading(view, lines, ROLE_GATE, "LEFT OUT", width);
    lines_wrap(lines, ROLE_TEXT, "Nothing was done in this environment; it holds nobody up.", 1,
               width - 1);
}

static void releasing(const struct view *view, struct lines *lines, int width)
{
    const struct run_state *state = view->state;
    add_heading(view, lines, ROLE_GATE, "LETTING GO: writes come through again", width);
    const char *why = state->release.message;
    char *words =
        xprintf("What was begun since %s is undone, newest first. Why: %s %s%s%s", state->hold.step,
                state->release.step, state->release.declined ? "was declined" : "failed",
                why ? ": " : "", why ? why : "");
    lines_wrap(lines, ROLE_TEXT, words, 1, width - 1);
    free(words);
}

static void rolling_back(const struct view *view, struct lines *lines, int width)
{
    const struct run_state *state = view->state;
    size_t undone = 0, started = 0;
    for (size_t i = 0; i < state->step_count; i++) {
        const struct step_state *step = &state->steps[i];
        started += step->started && step->has_undo;
        undone += step->status == STEP_UNDONE;
    }
    add_heading(view, lines, ROLE_GATE, "ROLLING BACK", width);
    char *words = xprintf("%zu of %zu steps undone. Why: %s", undone, started,
                          state->rollback_reason ? state->rollback_reason : "not said");
    lines_wrap(lines, ROLE_TEXT, words, 1, width - 1);
    free(words);
}

static void add_losses(const struct run_state *state, struct text *words)
{
    const char *step;
    char rows[32];
    long long loss = run_state_accepted_loss(state, &step);
    if (loss)
        text_printf(words, " Accepted loss at %s: %s rows or changes.", step,
                    text_grouped(rows, sizeof rows, loss));
    if (state->status != RUN_ROLLED_BACK || !state->price.known)
        return;
    text_printf(words, " The rollback's price: %s rows of the new server",
                state->price.unknown ? "an unknown number of"
                                     : text_grouped(rows, sizeof rows, state->price.rows));
    if (state->save.done)
        text_printf(words, ", saved first (%s)", state->save.what);
    text_add(words, ".");
}

static void add_summary(const struct view *view, struct lines *lines, int width)
{
    const struct run_state *state = view->state;
    struct rows_summary rows = run_state_rows(state);
    char took[48], outage[48], total[48];
    text_duration(took, sizeof took, (long)(state->finished_ms - state->created_ms));
    words_ms(outage, sizeof outage, run_state_outage_ms(state, view->now_ms));
    text_grouped(total, sizeof total, rows.rows);
    struct text words = {0};
    if (run_state_outage_known(state))
        text_printf(&words, "It took %s. Downtime %s in %zu outage%s.", took, outage,
                    state->outage_count, state->outage_count == 1 ? "" : "s");
    else
        text_printf(&words, "It took %s. Downtime wasn't measured.", took);
    if (rows.compared)
        text_printf(&words, " %zu tables with %s rows compared, %zu different.", rows.compared,
                    total, rows.different);
    add_losses(state, &words);
    lines_wrap(lines, ROLE_TEXT, text_string(&words), 1, width - 1);
    text_free(&words);
    char *record = xprintf("The record: pgrunbook report %s", state->run);
    lines_wrap(lines, ROLE_TEXT, record, 1, width - 1);
    free(record);
}

static void complete(const struct view *view, struct lines *lines, int width)
{
    add_heading(view, lines, ROLE_GOOD, "COMPLETE", width);
    add_summary(view, lines, width);
}

static void rolled_back(const struct view *view, struct lines *lines, int width)
{
    add_heading(view, lines, ROLE_GATE, "ROLLED BACK", width);
    add_summary(view, lines, width);
}

static void engine_gone(const struct view *view, struct lines *lines, int width)
{
    add_heading(view, lines, ROLE_BAD, "THE ENGINE IS GONE", width);
    char *words =
        xprintf("What is shown is what its journal says, which is on disk. The screen goes on when "
                "the engine is back: leave with q, or elsewhere, pgrunbook attach %s starts it "
                "again.",
                view->state->run ? view->state->run : "");
    lines_wrap(lines, ROLE_TEXT, words, 1, width - 1);
    free(words);
    if (!run_state_holds(view->state))
        return;
    words = xprintf("%s STILL HOLDS (writes may be stopped), and nobody lets go of it before that.",
                    view->state->hold.step);
    lines_wrap(lines, ROLE_BAD, words, 1, width - 1);
    free(words);
}

void banner_build(const struct view *view, struct lines *lines, int width)
{
    static void (*const builders[])(const struct view *, struct lines *, int) = {
        [RUN_AT_GATE] = gate_waits,        [RUN_DECLINED] = declined,
        [RUN_STEP_FAILED] = failed,        [RUN_PAUSED] = paused,
        [RUN_ROLLING_BACK] = rolling_back, [RUN_ROLLBACK_FAILED] = rollback_failed,
        [RUN_COMPLETE] = complete,         [RUN_ROLLED_BACK] = rolled_back,
        [RUN_RELEASING] = releasing,       [RUN_WAITING] = waiting,
        [RUN_LEFT_OUT] = left_out,
    };
    enum run_status status = view->state->status;
    if (!view->state->run)
        return;
    if (!view->control && !run_state_finished(view->state))
        engine_gone(view, lines, width);
    else if (builders[status])
        builders[status](view, lines, width);
}
