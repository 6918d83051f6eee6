/* checklist.c: the panel of phases and steps: where the run stands, what has a gate, what can be
 * undone. */
#include "ui/commands.h"
#include "ui/panels/panel.h"
#include "ui/view.h"
#include "ui/words.h"

#include <stdio.h>

#define ROOMY 64          /* from so many columns on marks are words, not letters */
#define STATUS_COLUMNS 14 /* symbol and word */
#define TIME_COLUMNS 12
#define BAR_COLUMNS 20

static size_t count_done(const struct run_state *state, long phase, size_t *of)
{
    size_t done = 0;
    *of = 0;
    for (size_t i = 0; i < state->step_count; i++) {
        const struct step_state *step = &state->steps[i];
        if (phase >= 0 && step->phase != (size_t)phase)
            continue;
        ++*of;
        done += step->status == STEP_DONE || step->status == STEP_SKIPPED;
    }
    return done;
}

static void checklist_title(const struct view *view, struct text *title)
{
    size_t of, done = count_done(view->state, -1, &of);
    text_printf(title, "Checklist %s %zu of %zu steps done", view->glyphs[GLYPH_DOT], done, of);
}

static void add_phase(const struct view *view, struct lines *lines, size_t phase, int columns)
{
    size_t of, done = count_done(view->state, (long)phase, &of);
    char figures[32];
    if (phase)
        lines_blank(lines);
    snprintf(figures, sizeof figures, "%zu of %zu ", done, of);
    lines_begin(lines, -1);
    lines_add(lines, ROLE_STRONG, " ");
    lines_cell(lines, ROLE_STRONG, view->state->phases[phase].title, columns - 12, FIT_LEFT);
    lines_cell(lines, ROLE_FAINT, figures, 11, FIT_RIGHT);
}

static void add_point_of_no_return(const struct view *view, struct lines *lines, int columns)
{
    const char *rule = view->glyphs[GLYPH_RULE];
    lines_begin(lines, -1);
    lines_printf(lines, ROLE_BAD, "  %s%s point of no return: no rollback after this step ", rule,
                 rule);
    lines_fill(lines, ROLE_BAD, columns - 1, rule);
}

static void add_marks(const struct step_state *step, struct lines *lines, bool roomy)
{
    if (roomy) {
        lines_cell(lines, ROLE_GATE, step->has_gate ? "gate" : "", 5, FIT_LEFT);
        lines_cell(lines, ROLE_FAINT, step->has_undo ? "undo" : "", 4, FIT_LEFT);
        return;
    }
    lines_cell(lines, ROLE_GATE, step->has_gate ? "G" : "", 1, FIT_LEFT);
    lines_cell(lines, ROLE_FAINT, step->has_undo ? "U" : "", 1, FIT_LEFT);
}

static void add_step(const struct view *view, struct lines *lines, size_t index, int columns)
{
    const struct step_state *step = &view->state->steps[index];
    enum role role = words_step_role(step->status);
    bool roomy = columns >= ROOMY, pending = step->status == STEP_PENDING;
    char lasted[48];
    int marks = roomy ? 9 : 2, title = columns - 1 - STATUS_COLUMNS - 1 - marks - TIME_COLUMNS;
    lines_begin(lines, (long)index);
    lines_printf(lines, role, " %s ", view->glyphs[words_step_glyph(step->status)]);
    lines_cell(lines, role, pending ? "" : step_status_name(step->status), STATUS_COLUMNS - 2,
               FIT_LEFT);
    lines_cell(lines, ROLE_TEXT, step->title, title, FIT_LEFT);
    lines_add(lines, ROLE_TEXT, " ");
    add_marks(step, lines, roomy);
    words_step_time(lasted, sizeof lasted, step, view->now_ms);
    lines_cell(lines, ROLE_TEXT, lasted, TIME_COLUMNS - 1, FIT_RIGHT);
    lines_add(lines, ROLE_TEXT, " ");
}

static void add_bar(const struct view *view, const struct step_state *step, struct lines *lines)
{
    double part = step->progress_done / step->progress_total;
    int full = part >= 1 ? BAR_COLUMNS : part > 0 ? (int)(part * BAR_COLUMNS) : 0;
    int start = STATUS_COLUMNS + 1;
    lines_fill(lines, ROLE_ACTIVE, start + full, view->glyphs[GLYPH_BAR_DONE]);
    lines_fill(lines, ROLE_FAINT, start + BAR_COLUMNS, view->glyphs[GLYPH_BAR_OPEN]);
    lines_printf(lines, ROLE_STRONG, " %3d%%  ",
                 part >= 1  ? 100
                 : part > 0 ? (int)(part * 100)
                            : 0);
}

/* Under the step that runs: how far it is, how fast, how long it may take. */
static void add_progress(const struct view *view, struct lines *lines, size_t index, int columns)
{
    const struct step_state *step = &view->state->steps[index];
    char figures[80], rate[64];
    bool runs = step->status == STEP_RUNNING || step->status == STEP_UNDOING;
    if (!runs || !step->progress_since_ms)
        return;
    words_progress(figures, sizeof figures, step);
    words_rate(rate, sizeof rate, step, view->now_ms);
    bool bar = step->progress_total > 0, two = bar && columns < 96;
    lines_begin(lines, (long)index);
    lines_fill(lines, ROLE_TEXT, STATUS_COLUMNS + 1, " ");
    if (bar)
        add_bar(view, step, lines);
    lines_add(lines, ROLE_TEXT, two ? rate : figures);
    if (two) {
        lines_begin(lines, (long)index);
        lines_fill(lines, ROLE_TEXT, STATUS_COLUMNS + 1, " ");
        lines_add(lines, ROLE_TEXT, figures);
    } else if (*rate) {
        lines_printf(lines, ROLE_TEXT, ", %s", rate);
    }
    if (step->progress_label)
        lines_printf(lines, ROLE_FAINT, "  %s", step->progress_label);
}

static void checklist_build(const struct view *view, const struct panel *panel, struct lines *lines,
                            int columns)
{
    const struct run_state *state = view->state;
    (void)panel;
    for (size_t i = 0; i < state->step_count; i++) {
        if (i == 0 || state->steps[i].phase != state->steps[i - 1].phase)
            add_phase(view, lines, state->steps[i].phase, columns);
        if (state->steps[i].point_of_no_return)
            add_point_of_no_return(view, lines, columns);
        add_step(view, lines, i, columns);
        add_progress(view, lines, i, columns);
    }
}

static struct box checklist_wish(const struct view *view)
{
    (void)view;
    return (struct box){.minimum = 5, .wanted = 5, .weight = 1};
}

static const struct key_row checklist_keys[] = {
    {KEY_RETURN, 0, "Enter", "step", "the selected step in full; the gate, when it waits at one",
     command_enter, NULL, 0, false},
    {0, 0, NULL, NULL, NULL, NULL, NULL, 0, false},
};

const struct panel_operations checklist_panel = {
    .name = "Checklist",
    .title = checklist_title,
    .build = checklist_build,
    .wish = checklist_wish,
    .keys = checklist_keys,
    .selects = true,
};
